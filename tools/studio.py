"""`rwkeras-studio` in a checkout; see `rwkeras/commands/studio.py`."""

from rwkeras.commands import run_studio

if __name__ == "__main__":
    run_studio()

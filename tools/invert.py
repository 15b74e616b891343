"""`rwkeras-invert` in a checkout; see `rwkeras/commands/invert.py`."""

from rwkeras.commands import run_invert

if __name__ == "__main__":
    run_invert()

"""`rwkeras-export` in a checkout; see `rwkeras/commands/export.py`."""

from rwkeras.commands import run_export

if __name__ == "__main__":
    run_export()

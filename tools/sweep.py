"""`rwkeras-sweep` in a checkout; see `rwkeras/commands/sweep.py`."""

from rwkeras.commands import run_sweep

if __name__ == "__main__":
    run_sweep()

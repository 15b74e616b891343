"""`rwkeras-style` in a checkout; see `rwkeras/commands/style.py`."""

from rwkeras.commands import run_style

if __name__ == "__main__":
    run_style()

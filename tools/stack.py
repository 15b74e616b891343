"""`rwkeras-stack` in a checkout; see `rwkeras/commands/stack.py`."""

from rwkeras.commands import run_stack

if __name__ == "__main__":
    run_stack()

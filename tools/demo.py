"""`rwkeras-demo` in a checkout; see `rwkeras/commands/demo.py`."""

from rwkeras.commands import run_demo

if __name__ == "__main__":
    run_demo()

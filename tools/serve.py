"""`rwkeras-serve` in a checkout; see `rwkeras/commands/serve.py`."""

from rwkeras.commands import run_serve

if __name__ == "__main__":
    run_serve()

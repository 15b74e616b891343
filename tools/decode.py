"""`rwkeras-decode` in a checkout; see `rwkeras/commands/decode.py`."""

from rwkeras.commands import run_decode

if __name__ == "__main__":
    run_decode()

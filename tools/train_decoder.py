"""`rwkeras-train-decoder` in a checkout; see `rwkeras/commands/train_decoder.py`."""

from rwkeras.commands import run_train_decoder

if __name__ == "__main__":
    run_train_decoder()

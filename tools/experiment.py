"""`rwkeras-experiment` in a checkout; see `rwkeras/commands/experiment.py`."""

from rwkeras.commands import run_experiment

if __name__ == "__main__":
    run_experiment()

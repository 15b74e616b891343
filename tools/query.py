"""`rwkeras-query` in a checkout; see `rwkeras/commands/query.py`."""

from rwkeras.commands import run_query

if __name__ == "__main__":
    run_query()

"""How it is minimised.

To be read in this order: `problem` says what is minimised, in which coordinates and how far;
`lbfgs`, with `line_search` and `history` beside it, is a pure function over a named state. A run is
a list of `phases`, each in coordinates and a precision of its own; `run` goes on within one and
from one to the next, and `run_state` is where it stands. The main loop is in `loop`, with callbacks
and checkpoints (`checkpoint`). `adam` and `tfp_lbfgs` are other optimisers, with the same functions
as `lbfgs`, and `compiled_problem` compiles them for a problem. A served graph is a single phase,
for which it takes `lbfgs` alone.
"""

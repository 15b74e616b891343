"""Optimisers and optimisation runs.

Suggested reading order: `problem` defines the objective, its coordinates and the limits of a run.
`lbfgs`, with `line_search` and `history`, consists of pure functions of an explicit state. A run is
a list of `phases`, each with its own coordinates and precision; `run` advances within a phase and
changes phases, and `run_state` is its state. `loop` is the main loop, with callbacks and
checkpoints (`checkpoint`). `adam` and `tfp_lbfgs` are other optimisers with the same functions as
`lbfgs`; `compiled_problem` compiles them for a problem. A served graph has a single phase and uses
`lbfgs` directly.
"""

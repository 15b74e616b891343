"""Jobs of the experiments, run as sweeps.

A job's key includes a digest of its module's code and of all that the module imports. Long jobs
therefore have modules of their own that import only the measures they compute, so that changes to
other measures do not invalidate their results.
"""

"""What the experiments compute, as jobs of a sweep.

A job's key has the code of its module and of what that imports: what takes long has a module of its
own, which imports nothing of how results are measured that it does not measure itself.
"""

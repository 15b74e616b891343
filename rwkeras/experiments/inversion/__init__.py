"""Experiments on the inversion of representations."""

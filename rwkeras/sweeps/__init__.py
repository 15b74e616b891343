"""Sweeps of independent jobs, each run once, on this machine or on many."""

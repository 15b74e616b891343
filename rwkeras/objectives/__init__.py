"""Losses, objectives as weighted sums of them, and their balancing."""

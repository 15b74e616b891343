"""Experiments on decoders."""

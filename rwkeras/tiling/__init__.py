"""Exact tile-by-tile evaluation of objectives, for images whose activations exceed memory."""

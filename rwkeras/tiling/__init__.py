"""Objectives of images too large for a network's activations: evaluated tile by tile, exactly."""

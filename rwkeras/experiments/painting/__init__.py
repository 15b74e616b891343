"""Experiments on textures and styles."""

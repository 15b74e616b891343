"""Inversion, texture synthesis, style transfer."""

"""Keras components for use in other programs: a loss, a layer and a regulariser."""

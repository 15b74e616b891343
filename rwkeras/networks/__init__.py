"""Random-weight networks, and feature extraction from any Keras model."""

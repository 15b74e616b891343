"""Networks with random weights, and the features of any Keras model."""

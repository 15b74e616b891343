"""Client of TensorFlow Serving, over REST or gRPC; only gRPC needs TensorFlow."""

"""A client of models that TensorFlow Serving serves, over REST or gRPC, without TensorFlow."""

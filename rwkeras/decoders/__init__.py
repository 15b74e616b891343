"""DeCNN: decoders that read the activations of a fixed network back into images, in one pass."""

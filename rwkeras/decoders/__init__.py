"""DeCNN: decoders from the activations of a fixed network to images."""

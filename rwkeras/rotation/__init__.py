"""Self-supervised training of a VGG-19, a trained baseline without pretrained weights."""

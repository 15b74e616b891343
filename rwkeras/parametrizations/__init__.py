"""In which coordinates an image is varied."""

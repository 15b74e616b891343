"""Reading, conversion and writing of images."""

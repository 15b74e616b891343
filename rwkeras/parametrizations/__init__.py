"""Image parametrisations: the coordinates in which an image is optimised."""

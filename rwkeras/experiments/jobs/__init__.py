"""What the experiments compute, as jobs of a sweep."""

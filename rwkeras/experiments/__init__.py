"""The papers' experiments: each is a function that takes a `Study` and returns a `Report`."""

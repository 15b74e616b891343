"""The papers' experiments, each a function from a study to a report."""

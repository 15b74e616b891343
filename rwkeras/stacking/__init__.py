"""ranVGG: a random network built by greedy selection of each layer among candidates."""

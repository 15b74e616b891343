"""Many independent pieces of work, each done once, here or on many machines."""

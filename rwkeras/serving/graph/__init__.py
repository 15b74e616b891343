"""Building blocks of exported graphs."""

"""A trained rival of the random networks that anyone can make: no weights to download."""

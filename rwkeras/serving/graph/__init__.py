"""What an exported graph is made of."""

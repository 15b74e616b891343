"""What is minimised: losses, their sum, their balance."""

"""What is seen of the studio: layout and events, in NiceGUI."""

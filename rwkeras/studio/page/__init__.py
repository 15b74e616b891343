"""User interface of the studio: layout and events, in NiceGUI."""

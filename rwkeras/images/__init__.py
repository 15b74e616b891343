"""Pictures: files, arrays, sizes."""

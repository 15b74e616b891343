py_library = native.py_library

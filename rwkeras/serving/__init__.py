"""TensorFlow Serving: export of models, running the server, and a client.

Public names are declared in `__init__.pyi` and imported on first use. Importing
the client imports neither TensorFlow nor Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

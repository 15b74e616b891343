"""Networks behind TensorFlow Serving: what it serves, and a client of that.

The public names stand in `__init__.pyi` and are imported when they are first
used; the client imports neither TensorFlow nor Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

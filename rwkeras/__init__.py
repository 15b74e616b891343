"""Images, textures and styles from untrained networks, in TensorFlow and Keras.

The public names stand in `__init__.pyi` and are imported when they are first
used. Initialisers and layers are imported at once, for Keras to know them when
it loads a network from a file.
"""

import contextlib

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# A wrong Keras backend is said by the first name that is used, and by the tools in one line.
with contextlib.suppress(ValueError):
    import rwkeras.networks.alexnet
    import rwkeras.networks.initializers
    import rwkeras.networks.octaves

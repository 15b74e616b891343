"""Images, textures and styles from untrained networks, in TensorFlow and Keras.

The public names stand in `__init__.pyi` and are imported when they are first
used. Initialisers and layers are imported as soon as Keras is there, for Keras
to know them when it loads a network from a file; this package alone imports
neither TensorFlow nor Keras.
"""

import contextlib
from types import ModuleType

import lazy_loader
import wrapt

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


# Both run before any module that takes Keras from the backend has begun, so that none of those that
# are imported below can be half done.
@wrapt.when_imported("keras")
@wrapt.when_imported("rwkeras.networks")
def _import_backend(module: ModuleType) -> None:
    # A wrong Keras backend is said by the first name that is used, and by the tools in one line.
    with contextlib.suppress(ValueError):
        import rwkeras.backend


@wrapt.when_imported("rwkeras.backend")
def _import_registered_classes(module: ModuleType) -> None:
    import rwkeras.decoders.decnn
    import rwkeras.decoders.upsampling
    import rwkeras.networks.alexnet
    import rwkeras.networks.borders
    import rwkeras.networks.initializers
    import rwkeras.networks.joint
    import rwkeras.networks.octaves
    import rwkeras.networks.regions
    import rwkeras.perceptual.gram
    import rwkeras.perceptual.loss
    import rwkeras.perceptual.variation

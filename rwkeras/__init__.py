"""Images, textures and styles from untrained networks, in TensorFlow and Keras.

Public names are declared in `__init__.pyi` and imported on first use. Importing
this package alone imports neither TensorFlow nor Keras. Once Keras is imported,
so are the custom initialisers, layers and losses, so that Keras can load saved
networks that use them.
"""

import contextlib
from types import ModuleType

import lazy_loader
import wrapt

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


# Both hooks run before any module that imports `rwkeras.backend`, so that none of the modules
# imported below is partially initialised.
@wrapt.when_imported("keras")
@wrapt.when_imported("rwkeras.networks")
def _import_backend(module: ModuleType) -> None:
    # An unsupported Keras backend is reported on first use of a public name, and by the
    # command-line tools in one line.
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

"""Seeds must be integers; any other value is refused with a clear message."""

import numpy as np
import pytest

import rwkeras
from rwkeras.rotation.settings import RotationSettings
from rwkeras.validation import python_number

IMAGE = np.full((16, 16, 3), 0.5, np.float32)
SEEDED = {
    "gaussian": lambda seed: rwkeras.Gaussian(seed=seed),
    "toy_vgg": lambda seed: rwkeras.toy_vgg(seed=seed),
    "randomize": lambda seed: rwkeras.randomize(rwkeras.toy_vgg(), seed=seed),
    "load_network": lambda seed: rwkeras.load_network("toy_vgg", seed=seed),
    "invert": lambda seed: rwkeras.invert(None, IMAGE, rwkeras.InversionSettings(seed=seed)),
    "synthesize_texture": lambda seed: rwkeras.synthesize_texture(
        None, IMAGE, rwkeras.TextureSettings(seed=seed)
    ),
    "transfer_style": lambda seed: rwkeras.transfer_style(
        None, IMAGE, IMAGE, rwkeras.StyleSettings(seed=seed)
    ),
    "invert_regularized": lambda seed: rwkeras.invert_regularized(
        None, IMAGE, rwkeras.RegularizedInversionSettings(seed=seed)
    ),
    "patch_distance": lambda seed: rwkeras.patch_distance(IMAGE, IMAGE, seed=seed),
    "RandomPerceptualLoss": lambda seed: rwkeras.RandomPerceptualLoss("toy_vgg", seed=seed),
    "DecoderSettings": lambda seed: rwkeras.DecoderSettings(seed=seed),
    "RotationSettings": lambda seed: RotationSettings(seed=seed),
    "DecoderTraining": lambda seed: rwkeras.DecoderTraining(seed=seed),
}


@pytest.mark.parametrize("function", SEEDED.values(), ids=list(SEEDED))
@pytest.mark.parametrize("seed", [1.9, 1.0, "1", None, True, np.float32(1)], ids=repr)
def test_what_is_not_an_integer_is_no_seed(function, seed):
    with pytest.raises(ValueError) as error:
        function(seed)
    # Settings convert NumPy numbers to Python numbers, which the message then shows.
    shown = {seed if isinstance(seed, str) else repr(seed), repr(python_number(seed))}
    assert str(error.value) in {
        f"Invalid value for argument `seed`. Expected an integer. Received: seed={each}"
        for each in shown
    }

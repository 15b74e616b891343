import pytest

from rwkeras import DecoderSettings, DecoderTraining


def test_lists_become_tuples_so_that_settings_are_equal_and_hashable():
    settings = DecoderSettings(maps=[4, 8], factors=[2])
    assert settings == DecoderSettings(maps=(4, 8), factors=(2,))
    assert hash(settings) == hash(DecoderSettings(maps=(4, 8), factors=(2,)))
    assert (settings.maps, settings.factors) == ((4, 8), (2,))


@pytest.mark.parametrize(
    "settings",
    [
        {"upsampling": "transposed"},
        {"upsampling": "nearest"},
        {"upsampling": "bilinear"},
        {"upsampling": "subpixel"},
        {"width": 2},
        {"depth": None},
        {"kernel_size": 1},
        {"initializer": "orthogonal"},
        {"seed": -3},
    ],
)
def test_what_a_decoder_may_be(settings):
    made = DecoderSettings(**settings)
    assert {name: getattr(made, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("settings", "expected", "received"),
    [
        (
            {"upsampling": "nearst"},
            "one of 'transposed', 'nearest', 'bilinear', 'subpixel' (did you mean 'nearest'?)",
            "nearst",
        ),
        ({"width": 0}, "a finite number greater than 0", "0"),
        ({"width": float("nan")}, "a finite number greater than 0", "nan"),
        ({"width": "1"}, "a finite number greater than 0", "1"),
        ({"depth": 0}, "an integer of at least 1", "0"),
        ({"depth": 1.5}, "an integer of at least 1", "1.5"),
        ({"depth": True}, "an integer of at least 1", "True"),
        ({"maps": (4, 0)}, "an integer of at least 1", "0"),
        ({"maps": [2.0]}, "an integer of at least 1", "2.0"),
        ({"factors": (2, -1)}, "an integer of at least 2", "-1"),
        ({"factors": (1, 2)}, "an integer of at least 2", "1"),
        ({"factors": 4}, "a list or tuple of integers, or None", "4"),
        ({"maps": 4}, "a list or tuple of integers, or None", "4"),
        ({"kernel_size": 0}, "an integer of at least 1", "0"),
        ({"kernel_size": 4}, "an odd integer", "4"),
        (
            {"initializer": "gausian"},
            "one of 'gaussian', 'he', 'uniform', 'laplace', 'orthogonal', 'binary', 'sparse' "
            "(did you mean 'gaussian'?)",
            "gausian",
        ),
        ({"seed": 0.5}, "an integer", "0.5"),
    ],
)
def test_nonsense_decoders(settings, expected, received):
    with pytest.raises(ValueError) as info:
        DecoderSettings(**settings)
    (name,) = settings
    assert str(info.value) == (
        f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={received}"
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"photo_size": 2, "crop_size": 2},
        {"photo_size": 64, "crop_size": 64},
        {"vary_colors": False},
        {"held_out": 0},
        {"held_out": 0.99},
        {"steps": 7, "epoch_steps": 7},
        {"patience": 3},
        {"precision": "mixed_float16"},
        {"seed": -1},
    ],
)
def test_what_a_training_may_be(settings):
    made = DecoderTraining(**settings)
    assert {name: getattr(made, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("settings", "expected", "received"),
    [
        ({"photo_size": 1}, "an integer of at least 2", "1"),
        ({"photo_size": 64.0}, "an integer of at least 2", "64.0"),
        ({"crop_size": 1}, "an integer of at least 2", "1"),
        ({"crop_size": 257}, "at most `photo_size`, 256", "257"),
        ({"held_out": -0.1}, "a finite number of at least 0", "-0.1"),
        ({"held_out": 1}, "a number in [0, 1)", "1"),
        ({"held_out": 1.5}, "a number in [0, 1)", "1.5"),
        ({"held_out_steps": 0}, "an integer of at least 1", "0"),
        ({"batch_size": 0}, "an integer of at least 1", "0"),
        ({"steps": 0}, "an integer of at least 1", "0"),
        ({"epoch_steps": 0}, "an integer of at least 1", "0"),
        ({"steps": 150}, "a multiple of `epoch_steps`, 100", "150"),
        ({"steps": 50}, "a multiple of `epoch_steps`, 100", "50"),
        ({"learning_rate": 0}, "a finite number greater than 0", "0"),
        ({"learning_rate": float("inf")}, "a finite number greater than 0", "inf"),
        ({"patience": 0}, "an integer of at least 1", "0"),
        (
            {"precision": "bfloat16"},
            "one of 'auto', 'float32', 'mixed_bfloat16', 'mixed_float16' "
            "(did you mean 'mixed_bfloat16'?)",
            "bfloat16",
        ),
        ({"seed": None}, "an integer", "None"),
    ],
)
def test_nonsense_trainings(settings, expected, received):
    with pytest.raises(ValueError) as info:
        DecoderTraining(**settings)
    (name,) = settings
    assert str(info.value) == (
        f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={received}"
    )


def test_patience_needs_something_to_measure():
    with pytest.raises(ValueError) as info:
        DecoderTraining(held_out=0, patience=2)
    assert str(info.value) == (
        "Invalid value for argument `patience`. Expected None without held-out photographs. "
        "Received: patience=2"
    )

"""Tests of lazy imports: what importing the package imports, and when."""

import os
import subprocess
import sys

import pytest

HEAVY = '[name for name in ("tensorflow", "keras") if name in sys.modules]'
REGISTERED = '"rwkeras.networks.octaves" in sys.modules'


def printed(code, **environment):
    process = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def test_package_import_is_lazy():
    assert printed(f"import rwkeras\ndir(rwkeras)\nprint({HEAVY})") == ["[]"]


# Each imports TensorFlow, which takes seconds, so most are slow tests.
FIRST = ["import rwkeras, keras", "import rwkeras; rwkeras.vgg19"]
OTHERS = [
    "import keras, rwkeras",
    "import rwkeras, tensorflow",
    "import rwkeras; rwkeras.gram_matrix",
    "import rwkeras.networks.initializers",
    "import rwkeras.networks.octaves",
    "import rwkeras.backend",
]


@pytest.mark.parametrize(
    "code", [*FIRST, *(pytest.param(code, marks=pytest.mark.slow) for code in OTHERS)]
)
def test_keras_classes_are_registered_in_any_import_order(code):
    assert printed(f"{code}\nprint({REGISTERED})") == ["True"]


@pytest.mark.slow
def test_saved_model_loads_after_bare_import(tmp_path):
    import keras

    import rwkeras

    model = keras.Sequential(
        [keras.Input([4]), keras.layers.Dense(3, kernel_initializer=rwkeras.He(seed=5))]
    )
    model.save(tmp_path / "model.keras")
    code = f"""
import rwkeras, keras
model = keras.models.load_model({str(tmp_path / "model.keras")!r})
print(type(model.layers[0].kernel_initializer).__name__)
"""
    assert printed(code) == ["He"]


def test_other_backend_is_accepted_until_first_use():
    assert printed("import rwkeras\nprint(rwkeras.__version__)", KERAS_BACKEND="jax") == ["0.1.0"]
    # Keras itself then imports JAX, which may not be installed.
    code = "import rwkeras\ntry:\n    import keras\nexcept ModuleNotFoundError:\n    pass\nprint(1)"
    assert printed(code, KERAS_BACKEND="jax") == ["1"]

import inspect
import re
import subprocess
import sys

import pytest

import rwkeras
from tests.tools import ROOT


@pytest.mark.parametrize("name", rwkeras.__all__)
def test_every_public_name_is_there_with_a_docstring(name):
    thing = getattr(rwkeras, name)
    if callable(thing):
        assert inspect.getdoc(thing)


def test_the_reference_has_every_public_name():
    listed = re.findall(r"^::: rwkeras\.(\w+)$", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted({*rwkeras.__all__, "serving"})


def test_another_backend_is_refused_by_the_first_name_that_is_used():
    code = "import rwkeras\ntry:\n    rwkeras.vgg19\nexcept ValueError as error:\n    print(error)"
    process = subprocess.run(
        [sys.executable, "-c", code], env={"KERAS_BACKEND": "jax"}, capture_output=True, text=True
    )
    assert process.stdout == (
        "Invalid Keras backend. Expected 'tensorflow' (the environment variable KERAS_BACKEND or "
        "the file ~/.keras/keras.json sets it). Received: backend='jax'\n"
    )

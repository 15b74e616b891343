import inspect
import subprocess
import sys

import pytest

import rwkeras.serving


@pytest.mark.parametrize("name", rwkeras.serving.__all__)
def test_every_public_name_is_there_with_a_docstring(name):
    assert inspect.getdoc(getattr(rwkeras.serving, name))


@pytest.mark.parametrize("module", ["rwkeras.serving", "rwkeras.commands.query"])
def test_the_client_imports_neither_tensorflow_nor_keras(module):
    code = f"""
import sys, {module}
rwkeras.serving.Client
print([name for name in ("tensorflow", "keras", "grpc") if name in sys.modules])
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stdout == "[]\n", process.stderr

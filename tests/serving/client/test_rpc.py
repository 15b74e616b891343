import subprocess
import sys

import pytest

from rwkeras.serving.client import rpc
from rwkeras.serving.client.transport import ModelSpec

SPEC = ModelSpec("model", None, None)


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["grpc", "tensorflow_serving"])
def test_what_is_missing_is_said(missing):
    code = f"""
import sys
sys.modules[{missing!r}] = None
from rwkeras.serving import Client
try:
    Client("localhost:8500")
except ValueError as error:
    print(error)
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stdout == (
        "gRPC needs additional packages, unlike REST with an http:// address: "
        "pip install 'rwkeras[serving]'\n"
    ), process.stderr


def test_tls(monkeypatch):
    calls = []
    secure = rpc.grpc.secure_channel
    monkeypatch.setattr(
        rpc.grpc, "secure_channel", lambda *given: calls.append(given) or secure(*given)
    )
    rpc.Rpc("localhost:1", SPEC, 0, tls=False).close()
    assert not calls
    rpc.Rpc("localhost:1", SPEC, 0, tls=True).close()
    target, credentials, options = calls[0]
    assert target == "localhost:1"
    assert isinstance(credentials, rpc.grpc.ChannelCredentials)
    assert ("grpc.max_receive_message_length", -1) in options

import pytest

from rwkeras.serving.client.rest import Rest
from rwkeras.serving.client.rpc import Rpc
from rwkeras.serving.client.transport import ModelSpec, connect

SPEC = ModelSpec("model", None, None)
EXPECTED = '"http://HOST:PORT", "https://HOST:PORT", "HOST:PORT" for gRPC, or "grpcs://..."'


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://localhost:8501", Rest),
        ("https://models.example.org", Rest),
        ("http://[::1]:8501/models/", Rest),
        ("localhost:8500", Rpc),
        ("127.0.0.1:8500", Rpc),
        ("[::1]:8500", Rpc),
        ("grpcs://models.example.org:443", Rpc),
    ],
)
def test_the_address_says_how(address, kind):
    transport = connect(address, SPEC, 3)
    assert type(transport) is kind
    transport.close()


@pytest.mark.parametrize(
    "address",
    ["", "localhost", "localhost:", "localhost:http", "ftp://localhost:1", "grpc://localhost:1",
     "http://", "http://localhost:http", "http://localhost:1?x=1", "::1:8500", "a b:1", 8500, None],
)  # fmt: skip
def test_other_addresses_are_refused(address):
    with pytest.raises(ValueError) as error:
        connect(address, SPEC, 3)
    shown = address if isinstance(address, str) else repr(address)
    assert str(error.value) == (
        f"Invalid value for argument `address`. Expected {EXPECTED}. Received: address={shown}"
    )

import contextlib

import pytest

from tests.serving.client.models import SERVERS, client_of


@pytest.fixture(params=SERVERS)
def connect_client(request):
    """Returns a function that serves a model and returns a client of it, over either wire."""
    with contextlib.ExitStack() as stack:

        def connect(model, **options):
            address = stack.enter_context(SERVERS[request.param](model))
            return stack.enter_context(client_of(address, model, **options))

        yield connect


@pytest.fixture
def recorded_waits(monkeypatch):
    """The seconds that are waited for before something is tried again, which takes no time."""
    found = []
    monkeypatch.setattr("rwkeras.serving.client.deadline.time.sleep", found.append)
    return found

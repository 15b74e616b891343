"""Fixtures of the tests of jobs: a folder, a picture in it, and a network normalised on it."""

import pytest

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.sweeps.pictures import put_picture
from tests.conftest import waves


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def image(folder):
    return put_picture(folder, "waves", waves(32, 32))


@pytest.fixture(scope="module")
def network(image):
    return NetworkSpec("toy_vgg", reference=image, seed=1)

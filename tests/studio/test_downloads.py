import dataclasses
import json

import numpy as np
import pytest
from PIL import Image, ImageCms

import rwkeras
from rwkeras.digests import bytes_digest
from rwkeras.images.comments import read_comment
from rwkeras.studio.downloads import download, matches_expected_file
from rwkeras.studio.jobs import Job
from rwkeras.studio.names import new_job_name
from rwkeras.studio.recipes import Recipe, parse_recipe
from rwkeras.studio.store import Store
from tests.conftest import waves
from tests.studio.support import DIGESTS, studio_settings

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF"}


@pytest.fixture
def store(tmp_path):
    opened = Store(studio_settings(tmp_path / "studio"))
    yield opened
    opened.close()


@pytest.fixture
def job(store):
    recipe = Recipe("recover", DIGESTS[:1], seed=5)
    saved = Job(new_job_name(), recipe, "done")
    store.save_job(saved)
    path = store.job_folder(saved.name) / "picture.png"
    rwkeras.write_image(path, waves(12, 10), icc_profile=PROFILE, comment=recipe.to_json())
    return dataclasses.replace(saved, digest=bytes_digest(path.read_bytes()))


@pytest.mark.parametrize("extension", FORMATS)
def test_a_download_has_the_picture_its_profile_and_its_recipe(store, job, tmp_path, extension):
    file = download(store, job, extension)
    assert file.name == f"recover-{job.name[:16].lstrip('0')}-seed5.{extension}"
    path = tmp_path / file.name
    path.write_bytes(file.content)
    with Image.open(path) as image:
        assert image.format == FORMATS[extension]
        assert image.info["icc_profile"] == PROFILE
        assert file.media_type == Image.MIME[image.format]
    assert parse_recipe(read_comment(path)) == job.recipe
    tolerance = 0.1 if extension == "jpg" else 0.5 / 255
    np.testing.assert_allclose(rwkeras.read_image(path), waves(12, 10), atol=tolerance)
    assert download(store, job, extension).content == file.content


def test_download_of_the_recipe(store, job):
    file = download(store, job, "json")
    assert json.loads(file.content)["seed"] == 5
    assert parse_recipe(file.content) == job.recipe
    assert file.media_type == "application/json"


@pytest.mark.parametrize("extension", FORMATS)
def test_matches_expected_file(store, job, extension):
    assert matches_expected_file(store, job) is None
    digest = bytes_digest(download(store, job, extension).content)
    assert (
        matches_expected_file(store, dataclasses.replace(job, expected_file=(digest, extension)))
        is True
    )
    assert (
        matches_expected_file(
            store, dataclasses.replace(job, expected_file=(DIGESTS[0], extension))
        )
        is False
    )
    without_picture = dataclasses.replace(job, expected_file=(digest, extension), digest="")
    assert matches_expected_file(store, without_picture) is None


def test_errors(store, job):
    with pytest.raises(ValueError) as error:
        download(store, job, "gif")
    assert str(error.value) == (
        "Invalid value for argument `format`. Expected one of 'png', 'jpg', 'tif', 'json'"
        " (did you mean 'tif'?). Received: format=gif"
    )
    with pytest.raises(ValueError) as error:
        download(store, dataclasses.replace(job, digest=""), "png")
    assert str(error.value) == (
        f"Invalid value for argument `job`. Expected a job with a picture. Received: job={job.name}"
    )

import dataclasses
import os

import numpy as np
import pytest
from PIL import Image

import rwkeras
from rwkeras.digests import bytes_digest
from rwkeras.studio.jobs import Job
from rwkeras.studio.names import new_job_name
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.conftest import waves
from tests.studio.support import png, recipe, studio_settings


@pytest.fixture
def store(tmp_path):
    opened = Store(studio_settings(tmp_path / "studio"))
    yield opened
    opened.close()


def save_job(store, **changes):
    job = Job(new_job_name(), Recipe("texture", (store.add_picture(png(), "a"),)), **changes)
    store.save_job(job)
    return job


def test_a_picture_is_stored_by_its_digest(store):
    content = png()
    digest = store.add_picture(content, "a.png")
    assert digest == bytes_digest(content)
    assert store.add_picture(content, "b.png") == digest
    assert store.picture_path(digest).read_bytes() == content
    assert store.pictures() == [digest]
    with Image.open(store.preview_path(digest)) as preview:
        assert (preview.format, preview.size) == ("JPEG", (16, 24))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("extension", ["png", "tif"])
def test_pictures_of_all_depths_have_a_preview(store, tmp_path, extension, bits):
    path = tmp_path / f"a.{extension}"
    rwkeras.write_image(path, waves(30, 20), settings=rwkeras.FileSettings(bits=bits))
    preview = store.preview_path(store.add_picture(path.read_bytes(), path.name))
    np.testing.assert_allclose(rwkeras.read_image(preview), waves(30, 20), atol=0.2)


def test_a_file_that_is_no_picture_is_not_stored(store):
    with pytest.raises(ValueError) as error:
        store.add_picture(b"text", "notes.txt")
    assert str(error.value) == (
        "Invalid value for argument `picture`. Expected a picture in a format that Pillow "
        "supports. Received: picture=notes.txt"
    )
    with pytest.raises(ValueError, match="Expected an intact picture. .*=half.png \\("):
        store.add_picture(png()[:100], "half.png")
    with pytest.raises(ValueError) as error:
        store.add_picture(png(size=(1, 5)), "thin.png")
    assert str(error.value) == (
        "A picture must have at least 2 x 2 pixels, not thin.png (5 x 1 pixels)"
    )
    assert list((store.root / "pictures").iterdir()) == []


def test_limits_of_bytes_and_pixels(tmp_path, monkeypatch):
    store = Store(studio_settings(tmp_path / "studio", max_bytes=300))
    with pytest.raises(ValueError) as error:
        store.add_picture(b"x" * 301, "a.png")
    assert str(error.value) == "a.png has 301 bytes: the limit is 300 bytes"
    store.close()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    store = Store(studio_settings(tmp_path / "studio"))
    with pytest.raises(ValueError, match=r"Expected a picture of at most 100 pixels.*=a.png \("):
        store.add_picture(png(), "a.png")
    store.close()


def test_the_oldest_unused_picture_is_evicted_over_the_count_limit(tmp_path):
    store = Store(studio_settings(tmp_path / "studio", max_pictures=2))
    used, unused = (store.add_picture(png(n), "a") for n in (1, 2))
    for n, digest in enumerate((used, unused)):
        os.utime(store.picture_path(digest), (n, n))
    store.save_job(Job(new_job_name(), Recipe("texture", (used,)), "done", digest=used))
    third = store.add_picture(png(3), "c")
    assert set(store.pictures()) == {used, third}
    store.save_job(Job(new_job_name(), Recipe("texture", (third,)), "done", digest=used))
    with pytest.raises(ValueError) as error:
        store.add_picture(png(4), "d.png")
    assert str(error.value) == (
        "d.png exceeds the limit of 2 pictures: 2 are in use by results. Remove results"
    )
    store.close()


def test_unused_pictures_are_evicted_over_the_size_limit(tmp_path):
    store = Store(studio_settings(tmp_path / "studio", max_kept=3 * len(png())))
    digests = []
    for n in range(6):
        digests.append(store.add_picture(png(n), "a"))
        os.utime(store.picture_path(digests[-1]), (n, n))
    assert store.pictures() == digests[-len(store.pictures()) :]
    assert 1 <= len(store.pictures()) < 6
    store.close()


MALFORMED = ["..", "../lock", "/etc/passwd", "a" * 63, "A" * 64, "", "\0" * 64, "a" * 64 + "/.."]


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_names_are_rejected(store, name):
    (store.root / "pictures" / "..").resolve()
    assert not store.has_picture(name)
    assert store.preview_path(name) is None
    assert store.job_file(name, "picture.png") is None
    with pytest.raises(ValueError) as error:
        store.picture_path(name)
    assert str(error.value) == (
        "Invalid value for argument `picture`. Expected the SHA-256 of a stored picture. "
        f"Received: picture={name}"
    )
    with pytest.raises(ValueError) as error:
        store.job_folder(name)
    assert str(error.value) == (
        f"Invalid value for argument `job`. Expected the name of a job. Received: job={name}"
    )


@pytest.mark.parametrize(
    "file", ["job.json", "../lock", "checkpoint", "stage-1.jpg", "stage-000001.jpg/..", "", ".."]
)
def test_only_public_files_of_a_job_are_returned(store, file):
    job = save_job(store)
    (store.job_folder(job.name) / "checkpoint").mkdir()
    assert store.job_file(job.name, file) is None
    assert store.job_file(job.name, "recipe.json").read_text() == job.recipe.to_json() + "\n"


def test_links_are_not_followed(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    job, digest = save_job(store), "e" * 64
    os.symlink(tmp_path / "secret", store.root / "pictures" / digest)
    os.symlink(tmp_path / "secret", store.root / "pictures" / f"{digest}.jpg")
    os.symlink(tmp_path / "secret", store.job_folder(job.name) / "picture.png")
    assert not store.has_picture(digest)
    assert store.preview_path(digest) is None
    assert store.job_file(job.name, "picture.png") is None
    elsewhere = new_job_name()
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "picture.png").write_bytes(b"secret")
    os.symlink(tmp_path / "job", store.root / "jobs" / elsewhere)
    assert store.job_file(elsewhere, "picture.png") is None
    assert [each.name for each in store.jobs()] == [job.name]


def test_nothing_is_written_through_links(store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    content = png(2)
    for name in (bytes_digest(content), f"{bytes_digest(content)}.jpg"):
        (outside / name).write_bytes(b"kept")
        os.symlink(outside / name, store.root / "pictures" / name)
    digest = store.add_picture(content, "a")
    assert store.picture_path(digest).read_bytes() == content
    assert store.preview_path(digest) is not None
    job = save_job(store)
    folder = store.job_folder(job.name)
    (outside / "view.jpg").write_bytes(b"kept")
    (outside / "folder").mkdir()
    os.symlink(outside / "view.jpg", folder / "view.jpg")
    os.symlink(outside / "folder", folder / "checkpoint")
    assert store.prepare_job(job.name) == folder
    assert sorted(path.name for path in folder.iterdir()) == ["job.json", "recipe.json"]
    (folder / "job.json").rename(outside / "job.json")
    os.symlink(outside / "job.json", folder / "job.json")
    assert store.jobs() == []
    before = (outside / "job.json").read_text()
    store.save_job(dataclasses.replace(job, state="done"))
    assert (outside / "job.json").read_text() == before
    assert [each.state for each in store.jobs()] == ["done"]
    assert {path.read_bytes() for path in outside.iterdir() if path.suffix == ".jpg"} == {b"kept"}


def test_jobs_with_broken_records_are_skipped(store):
    first, second = save_job(store), save_job(store, state="done")
    (store.job_folder(first.name) / "job.json").write_text("{")
    assert store.jobs() == [second]
    store.remove_job(second.name)
    assert store.jobs() == []


def test_trimming_removes_the_oldest_results_with_their_pictures(tmp_path):
    store = Store(studio_settings(tmp_path / "studio", max_kept=60_000))
    jobs = []
    for n in range(4):
        digest = store.add_picture(png(n), "a")
        job = Job(new_job_name(), Recipe("texture", (digest,)), "done" if n else "running")
        store.save_job(job)
        (store.job_folder(job.name) / "picture.png").write_bytes(b"x" * 20_000)
        jobs.append(job)
    assert store.is_over_limit
    assert store.trim(jobs[3].name) == [jobs[1].name, jobs[2].name]
    assert [job.name for job in store.jobs()] == [jobs[0].name, jobs[3].name]
    assert set(store.pictures()) == {*jobs[0].recipe.pictures, *jobs[3].recipe.pictures}
    assert store.size() <= 60_000
    assert store.trim(jobs[3].name) == []
    store.close()


def test_a_picture_over_the_size_limit_is_rejected(tmp_path):
    store = Store(studio_settings(tmp_path / "studio", max_kept=100))
    with pytest.raises(
        ValueError, match="^a has \\d+ bytes: the limit of all files together is 100 bytes$"
    ):
        store.add_picture(png(), "a")
    store.close()


def test_pictures_of_jobs_without_a_result_are_evicted(tmp_path):
    store = Store(studio_settings(tmp_path / "studio", max_pictures=1))
    job = save_job(store, state="stopped")
    digest = store.add_picture(png(1), "b")
    assert store.pictures() == [digest] != list(job.recipe.pictures)
    store.close()


def test_a_folder_is_locked_by_one_studio(store, tmp_path):
    with pytest.raises(ValueError) as error:
        Store(studio_settings(store.root))
    assert str(error.value) == (
        "Invalid value for argument `folder`. Expected a writable folder that is not used "
        f"by another studio. Received: folder={store.root} (in use by another studio)"
    )
    store.close()
    Store(studio_settings(store.root)).close()
    os.symlink(tmp_path, tmp_path / "link")
    (tmp_path / "other").mkdir()
    os.symlink(tmp_path, tmp_path / "other" / "pictures")
    with pytest.raises(ValueError, match=r"\(a link\)"):
        Store(studio_settings(tmp_path / "other"))
    assert recipe().kind == "style"

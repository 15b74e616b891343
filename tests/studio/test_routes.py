import os
from urllib.parse import quote

import pytest

from rwkeras.studio.queue import Queue
from rwkeras.studio.recipes import Recipe
from rwkeras.studio.store import Store
from tests.studio.support import DIGESTS, FakeJobRunner, png, studio_settings
from tests.studio.test_queue import wait_until_ended

pytest.importorskip("starlette")
pytest.importorskip("httpx")
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rwkeras.studio.routes import Routes


@pytest.fixture
def store(tmp_path):
    opened = Store(studio_settings(tmp_path / "studio", max_bytes=5000))
    yield opened
    opened.close()


@pytest.fixture
def queue(store):
    started = Queue(store, studio_settings(store.root), FakeJobRunner())
    started.start()
    yield started
    started.close()


@pytest.fixture
def client(store, queue):
    routes = Routes(store, queue, studio_settings(store.root, max_bytes=5000)).routes()
    with TestClient(Starlette(routes=routes)) as started:
        yield started


def upload(client, content, name="a.png"):
    return client.post("/studio/pictures", content=content, headers={"x-name": quote(name)})


def test_an_uploaded_picture_is_stored_and_has_a_preview(client, store):
    response = upload(client, png())
    assert response.status_code == 200
    digest = response.json()["digest"]
    assert response.json() == {"digest": digest}
    assert store.has_picture(digest)
    preview = client.get(f"/studio/pictures/{digest}.jpg")
    assert preview.headers["content-type"] == "image/jpeg"
    assert preview.content[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("content", "name", "message", "status"),
    [
        (b"text", "notes.txt", "Received: picture=notes.txt", 400),
        (b"text", "../../etc/\0\npasswd", "Received: picture=../../etc/??passwd", 400),
        (b"text", "", "Received: picture=The file", 400),
        (b"x" * 5001, "a.png", "a.png has more than 5000 bytes, the limit", 413),
        (b"", "empty.png", "Received: picture=empty.png", 400),
        (b'{"rwkeras": "1", "kind": "styl"}', "r.json", "(did you mean 'style'?)", 400),
    ],
)
def test_rejected_uploads_name_the_file(client, store, content, name, message, status):
    response = upload(client, content, name)
    assert response.status_code == status
    assert message in response.json()["error"]
    assert store.pictures() == []


def test_an_uploaded_result_has_its_recipe(client, store, queue):
    digest = upload(client, png()).json()["digest"]
    job = wait_until_ended(queue, queue.submit(Recipe("texture", (digest,))))
    for extension in ("png", "jpg", "tif"):
        file = client.get(f"/studio/results/{job.name}.{extension}")
        assert file.headers["content-disposition"].startswith('attachment; filename="texture-')
        response = upload(client, file.content, f"a.{extension}").json()
        assert response["recipe"] == job.recipe.to_json()
        assert response["kind"] == "texture"
        assert response["expected_file"] == [response["digest"], extension]
    recipe_file = client.get(f"/studio/results/{job.name}.json")
    response = upload(client, recipe_file.content, "a.json").json()
    assert response == {
        "recipe": job.recipe.to_json(),
        "kind": "texture",
        "expected_file": ["", "json"],
    }


def test_only_public_files_of_a_job_are_served(client, store, queue):
    digest = upload(client, png()).json()["digest"]
    job = wait_until_ended(queue, queue.submit(Recipe("texture", (digest,))))
    assert client.get(f"/studio/jobs/{job.name}/picture.png").status_code == 200
    assert client.get(f"/studio/jobs/{job.name}/job.json").status_code == 404
    (store.job_folder(job.name) / "strip.jpg").symlink_to(store.root / "lock")
    assert client.get(f"/studio/jobs/{job.name}/strip.jpg").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/studio/pictures/../lock.jpg",
        "/studio/pictures/%2e%2e%2flock.jpg",
        "/studio/pictures/..%2f..%2f..%2fetc%2fpasswd.jpg",
        f"/studio/pictures/{DIGESTS[0]}.jpg",
        f"/studio/pictures/{DIGESTS[0]}",
        "/studio/jobs/../lock",
        "/studio/jobs/%2e%2e/lock",
        "/studio/jobs/..%2f..%2fetc/passwd",
        "/studio/jobs/" + "0" * 24 + "/picture.png",
        "/studio/results/..%2flock.png",
        "/studio/results/" + "0" * 24 + ".png",
        "/studio/examples/..%2fcoffee.jpg",
        "/studio/examples/data_dir.jpg",
    ],
)
def test_paths_outside_the_store_are_not_found(client, store, path):
    (store.root / "lock.jpg").write_bytes(b"secret")
    response = client.get(path)
    assert response.status_code == 404
    assert b"secret" not in response.content


def test_missing_files_of_a_job(client, store, queue):
    digest = upload(client, png()).json()["digest"]
    job = wait_until_ended(queue, queue.submit(Recipe("texture", (digest,))))
    assert client.get(f"/studio/results/{job.name}.gif").status_code == 404
    os.remove(store.job_folder(job.name) / "picture.png")
    assert client.get(f"/studio/results/{job.name}.png").status_code == 404


def test_examples_are_shown(client):
    for name in ("coffee", "painting"):
        response = client.get(f"/studio/examples/{name}.jpg")
        assert response.status_code == 200
        assert response.content[:2] == b"\xff\xd8"

import pytest

import rwkeras
from rwkeras.studio.examples import EXAMPLES, add_example, example_preview, examples_for
from rwkeras.studio.recipes import PICTURE_ROLES
from rwkeras.studio.store import Store
from tests.studio.support import studio_settings


@pytest.mark.parametrize(
    "role", [(kind, role) for kind in PICTURE_ROLES for role in PICTURE_ROLES[kind]]
)
def test_each_role_has_examples(role):
    assert len(examples_for(*role)) >= 3


@pytest.mark.parametrize("name", [example.name for example in EXAMPLES])
def test_an_example_is_stored_as_a_picture_and_has_a_preview(tmp_path, name):
    store = Store(studio_settings(tmp_path / "studio"))
    digest = add_example(store, name)
    assert add_example(store, name) == digest
    image = rwkeras.read_image(store.picture_path(digest))
    assert min(image.shape[:2]) >= 200
    (tmp_path / "view.jpg").write_bytes(example_preview(name))
    assert rwkeras.read_image(tmp_path / "view.jpg").shape == (100, 100, 3)
    store.close()


def test_unknown_examples_have_no_preview():
    assert example_preview("data_dir") is None
    assert example_preview("../coffee") is None

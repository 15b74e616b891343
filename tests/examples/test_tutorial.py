"""The tutorial runs from its first cell to its last, on pictures of 32 pixels."""

import itertools
import re
import runpy
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

TUTORIAL = Path(__file__).parents[2] / "examples" / "tutorial.py"


def cells() -> list[tuple[str, str]]:
    """Returns (kind, text) of each cell, "markdown" or "code"."""
    parts = re.split(r"^# %%(.*)\n", TUTORIAL.read_text(), flags=re.MULTILINE)
    assert parts[0] == ""
    kinds = {"": "code", " [markdown]": "markdown"}
    return [
        (kinds[mark], text.strip()) for mark, text in zip(parts[1::2], parts[2::2], strict=True)
    ]


def test_every_cell_of_code_is_explained():
    found = cells()
    assert found[0][0] == "markdown"
    for (before, _), (kind, text) in itertools.pairwise(found):
        assert text
        assert before == "markdown" or kind == "markdown" or text.startswith("import")
    for kind, text in found:
        if kind == "markdown":
            assert all(line.startswith("#") for line in text.splitlines())
        else:
            compile(text, "cell", "exec")


@pytest.mark.slow
def test_it_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("RWKERAS_TUTORIAL", "quick")
    monkeypatch.chdir(tmp_path)
    backend = matplotlib.get_backend()
    matplotlib.use("agg")
    try:
        found = runpy.run_path(str(TUTORIAL))
    finally:
        matplotlib.pyplot.close("all")
        matplotlib.use(backend)
    for name in ("texture", "painted"):
        assert found[name].loss < found[name].initial_loss
    assert len(found["recovered"]) == len(found["LAYERS"])
    for picture in found["pictures"].values():
        assert np.shape(picture) == (32, 32, 3)
    changed = list(found["changed"].values())
    errors = [np.mean(np.square(picture - found["photo"])) for picture in changed]
    np.testing.assert_allclose(errors, errors[0], rtol=1e-3)
    assert all(value > 0 for row in found["distances"].values() for value in row.values())
    assert Image.open(tmp_path / "tutorial.png").size == (1080, 840)

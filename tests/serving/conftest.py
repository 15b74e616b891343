"""A toy network's exports, which tests of this folder share."""

import numpy as np
import pytest

from rwkeras.serving.export import export_task
from rwkeras.serving.graph.tasks import ServedStyle
from rwkeras.serving.settings import ServingSettings
from rwkeras.tasks.settings import StyleSettings
from tests.conftest import waves

STYLE = StyleSettings(style_layers=("conv1_1", "conv2_1", "conv3_1"), scales=None)
SERVING = ServingSettings(
    max_iterations=8, max_evaluations=12, evaluations_limit=10**6, max_side=64, max_pixels=10**6
)


@pytest.fixture(scope="session")
def exported(toy_recipe, tmp_path_factory):
    """The folder of a model of styles: version 1 stores its weights, 2 makes them."""
    folder = tmp_path_factory.mktemp("models") / "style"
    for generated in (False, True):
        export_task(
            ServedStyle(STYLE),
            toy_recipe.build(),
            folder,
            settings=SERVING,
            recipe=toy_recipe,
            generated=generated,
        )
    return folder


@pytest.fixture(scope="session")
def content() -> np.ndarray:
    """An image of [1, 32, 24, 3] in 8 bits."""
    return np.rint(waves(32, 24)[np.newaxis] * 255).astype(np.float32) / 255


@pytest.fixture(scope="session")
def style() -> np.ndarray:
    """An image of [1, 20, 28, 3] in 8 bits."""
    return (
        np.rint(waves(28, 20)[np.newaxis, :, :, ::-1] * 255)
        .astype(np.float32)
        .transpose(0, 2, 1, 3)
        / 255
    )

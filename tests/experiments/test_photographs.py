import re

import numpy as np
import pytest

from rwkeras.experiments.images import put_images
from rwkeras.experiments.photographs import (
    ROTATION_PHOTOGRAPHS,
    STACKING_PHOTOGRAPHS,
    TEST,
    TEST_TEXTURES,
    TUNING,
    photograph,
)
from rwkeras.experiments.verdicts import LEAST_DRAWS
from rwkeras.images.photographs import TEST_NAMES
from rwkeras.studio.examples import EXAMPLES
from tests.tools import ROOT

# Read and not imported, as importing it would define its command-line flags in this process.
DEMO = ROOT / "rwkeras" / "commands" / "demo.py"
TESTED = {*TEST, *(source for source, *_ in TEST_TEXTURES.values())}


def test_what_tuned_anything_tests_nothing():
    assert not TESTED & set(TUNING)
    # Pictures of the demo and of the studio, on which defaults were tuned.
    shown = set(re.findall(r"data\.(\w+)\(", DEMO.read_text()))
    assert shown <= set(TUNING)
    assert {example.name for example in EXAMPLES} - {"painting"} <= set(TUNING)
    assert set(TEST_NAMES) <= set(TUNING)


def test_experiments_stack_on_and_learn_from_those_alone():
    assert set(STACKING_PHOTOGRAPHS) <= set(TUNING)
    assert set(ROTATION_PHOTOGRAPHS) <= set(TUNING)


def test_there_are_enough_for_a_claim():
    assert len(set(TEST)) >= LEAST_DRAWS
    assert len(TEST_TEXTURES) >= LEAST_DRAWS
    assert not set(TEST) & set(TEST_TEXTURES)


def test_a_style_is_of_another_photograph_than_its_content():
    sources = [source for source, *_ in TEST_TEXTURES.values()]
    for n, content in enumerate(TEST):
        assert sources[n % len(sources)] != content


@pytest.mark.parametrize("name", [*TUNING, *TEST, *TEST_TEXTURES])
def test_photographs_are_pictures(name):
    picture = photograph(name)
    assert picture.dtype == np.float32
    assert picture.shape[2] == 3
    assert min(picture.shape[:2]) >= 96
    assert 0 <= picture.min() < picture.max() <= 1
    assert picture.std() > 0.01


@pytest.mark.parametrize("kind", ["images", "textures", "styles"])
def test_experiments_take_what_tests(tmp_path, kind):
    found = put_images(str(tmp_path), kind, [], 24, 3)
    assert len(found) == 3
    assert set(found) <= {*TEST, *TEST_TEXTURES}

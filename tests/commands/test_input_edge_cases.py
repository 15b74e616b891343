"""Unusual pictures, file names and flags: what tools accept, and the errors of the rest."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

import rwkeras
from rwkeras.images.deep_writing import to_uint16
from tests.commands.conftest import check_refused
from tests.conftest import waves
from tests.tools import run_here, working_directory

TOY = ["--network=toy_vgg", "--image_size=32", "--max_iterations=1", "--parametrization=pixels"]
INVERT = ["invert", "--layer=conv1_1", *TOY]
STYLE = ["style", "--content_layers=conv1_1", "--style_layers=conv1_1", "--nocoarse_to_fine", *TOY]
COMMA_NAME = "sea, at dawn.png"
ONE_COLOUR = "Expected a picture of more than one colour, for this network. Received: "
BLACK_PICTURE = "black.png, 40 x 40 pixels resampled to {0} x {0}, of a single colour"
# Command line and expected error, None if it succeeds, by name.
CASES = {
    "thin": (
        [*INVERT, "--image=thin.png", "--output=out.png"],
        "Invalid value for argument `image`. Expected a picture with sides of at least 2 pixels "
        "if the longer one has 32. Received: image=thin.png, 2000 x 3 pixels resampled to 32 x 1, "
        "of a single colour",
    ),
    "black": (
        [*INVERT, "--image=black.png", "--output=out.png"],
        f"Invalid value for argument `image`. {ONE_COLOUR}image={BLACK_PICTURE.format(32)}",
    ),
    "bits of JPEG": (
        [*INVERT, "--image=deep.tif", "--output=out.jpg", "--bits=16"],
        "Invalid value for argument `bits`. Expected 8 with a .jpg file. Received: bits=16",
    ),
    "bits": (
        [*INVERT, "--image=deep.tif", "--output=out.png", "--bits=10"],
        "Invalid value for argument `bits`. Expected 8 or 16. Received: bits=10",
    ),
    "large": (
        [*INVERT, "--image=deep.tif", "--output=out.png", "--max_megapixels=0.0005"],
        "Invalid value for argument `image`. Expected a picture of at most 500 pixels, unless "
        "--max_megapixels is larger (in Python, `PIL.Image.MAX_IMAGE_PIXELS`). Received: "
        "image=deep.tif (24 x 32 pixels)",
    ),
    "megapixels": (
        [*INVERT, "--image=deep.tif", "--output=out.png", "--max_megapixels=nan"],
        "Invalid value for argument `max_megapixels`. Expected a finite number greater than 0. "
        "Received: max_megapixels=nan",
    ),
    "stray": ([*INVERT, "--image=a", "--output=out.png", "b"], "Unexpected arguments: b"),
    "no number": (
        [*INVERT, "--image=a", "--output=out.png", "--bits=many"],
        "flag --bits=many: invalid literal for int() with base 10: 'many'",
    ),
    "no such flag": ([*INVERT, "--imag=a"], "Unknown command line flag 'imag'"),
    "no picture": (
        [*INVERT, "--output=out.png"],
        "flag --image=None: Flag --image must have a value other than None.",
    ),
    "deep": (
        [*INVERT, "--image=deep.tif", "--output=deep.tiff", "--bits=16", "--filmstrip=a.jpg",
         "--max_megapixels=200"],
        None,
    ),
    "animation": ([*INVERT, "--image=animation.webp", "--output=first.png"], None),
    "no style": (
        [*STYLE, "--content=photo.png", "--style=sea, at dusk.png", "--output=out.png"],
        "Invalid value for argument `style`. Expected comma-separated paths of existing files; "
        "not found: 'sea', ' at dusk.png'. Received: style=sea, at dusk.png",
    ),
    "commas": (
        [*STYLE, "--content=photo.png", f"--style={COMMA_NAME},photo.png,{COMMA_NAME}",
         "--output=style.png", "--report=report.json"],
        None,
    ),
    "mask": (
        [*STYLE, "--content=photo.png", "--style=photo.png,photo.png", "--output=out.png",
         "--content_masks=white.png,thin.png"],
        "Invalid value for argument `content_masks`. Expected masks with the aspect ratio of the "
        "picture, 32 high and 24 wide. Received: content_masks=thin.png, 2000 x 3 pixels",
    ),
    "black reference": (
        ["stack", "--reference=black.png", "--architecture=toy_vgg", "--output=out.json",
         "--max_iterations=1", "--image_size=40"],
        f"Invalid value for argument `reference`. {ONE_COLOUR}reference=black.png, "
        "40 x 40 pixels, of a single colour",
    ),
    "small": (
        ["texture", "--texture=small.png", "--output=out.png", "--image_size=0", "--layers=conv3_1",
         "--network=toy_vgg"],
        "Invalid value for argument `texture`. Expected an image large enough for the pooling "
        "layers before conv3_1. Received: texture=small.png, 3 x 6 pixels",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    pictures = {
        "photo.png": waves(32, 24), "small.png": waves(6, 3), COMMA_NAME: waves(24, 32),
        "thin.png": np.ones((3, 2000, 3)), "white.png": np.ones((32, 24, 3)),
        "black.png": np.zeros((40, 40, 3)),
    }  # fmt: skip
    for name, picture in pictures.items():
        rwkeras.write_image(folder / name, picture)
    tifffile.imwrite(folder / "deep.tif", to_uint16(waves(32, 24)), photometric="rgb")
    frames = [Image.fromarray(np.uint8(255 * waves(32, 24) / n)) for n in (1, 2, 3)]
    frames[0].save(folder / "animation.webp", save_all=True, append_images=frames[1:])
    return folder


@pytest.fixture(scope="module")
def results(folder):
    with working_directory(folder):
        return {name: run_here(command[0], command[1:]) for name, (command, _) in CASES.items()}


@pytest.mark.parametrize("name", [name for name, (_, message) in CASES.items() if message])
def test_refused(results, name):
    check_refused(results[name], f"error: {CASES[name][1]}")


@pytest.mark.parametrize("name", [name for name, (_, message) in CASES.items() if not message])
def test_accepted(results, name):
    assert results[name].returncode == 0, results[name].stderr


def test_warning_for_an_animation(results):
    said = "warning: `image` contains 3 pictures, such as an animation: only the first is used."
    assert results["animation"].stderr.count(said) == 1


def test_file_name_with_a_comma(results, folder):
    assert results["commas"].returncode == 0, results["commas"].stderr
    report = json.loads((folder / "report.json").read_text())
    assert report["flags"]["style"] == [COMMA_NAME, "photo.png", COMMA_NAME]


def test_sixteen_bits(results, folder):
    assert results["deep"].returncode == 0, results["deep"].stderr
    written = tifffile.imread(folder / "deep.tiff")
    assert written.dtype == np.uint16
    assert np.any(written % 257)

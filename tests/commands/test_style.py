import json

import numpy as np
import pytest
from PIL import Image, ImageCms

import rwkeras
from rwkeras.images.reading import fit_longer_side
from rwkeras.images.writing import to_uint8
from tests.commands.conftest import TOY, check_refused
from tests.conftest import waves

SMALL = ["--image_size=32", "--max_iterations=2", "--optimizer=adam"]
TOY_LAYERS = [*TOY, "--content_layers=conv2_1", "--style_layers=conv1_1,conv2_2"]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LUMA = np.array([0.299, 0.587, 0.114])


@pytest.fixture
def painting(tmp_path):
    rwkeras.write_image(tmp_path / "painting.png", waves(40, 50)[:, ::-1])
    return tmp_path / "painting.png"


@pytest.mark.slow
def test_preset_and_overrides(run, photo, painting, tmp_path):
    process = run(
        "style", f"--content={photo}", f"--style={painting},{photo}", "--output=out.png", *SMALL,
        "--preset=paper", "--tv_weight=0", "--report=report.json", "--join=max",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert rwkeras.read_image(tmp_path / "out.png").shape == (32, 24, 3)
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["losses"]) == 7
    assert report["losses"]["tv"] == 0
    assert report["flags"]["preset"] == "paper"
    assert report["flags"]["style"] == [str(painting), str(photo)]


def test_negative_weight(run, photo, painting):
    process = run(
        "style", f"--content={photo}", f"--style={painting}", "--output=out.png", *SMALL,
        "--style_weight=-1",
    )  # fmt: skip
    check_refused(process, "`style_weight`. Expected a finite number of at least 0", "-1.0")


def test_layers_that_the_network_lacks(run, photo, painting):
    process = run(
        "style", f"--content={photo}", f"--style={painting}", "--output=out.png", *SMALL,
        "--network=toy_vgg",
    )  # fmt: skip
    check_refused(process, "Expected a layer of 'toy_vgg'", "layer=conv4_1")


@pytest.fixture
def cut_out(tmp_path):
    """A picture with a profile whose upper half is not seen, and its middle in part."""
    alpha = np.full((64, 48), 255, np.uint8)
    alpha[:24], alpha[24:40] = 0, 128
    image = np.dstack([to_uint8(0.35 + 0.3 * waves(64, 48)), alpha])
    Image.fromarray(image).save(tmp_path / "cut_out.png", icc_profile=PROFILE)
    return tmp_path / "cut_out.png"


def test_alpha_profile_and_original_colors(run, cut_out, painting, tmp_path):
    process = run(
        "style", f"--content={cut_out}", f"--style={painting}", "--output=out.webp", *TOY_LAYERS,
        "--original_colors", "--init=noise", "--save_every=6", "--filmstrip=strip.jpg",
        "--jpeg_quality=90",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "warning" not in process.stderr
    with Image.open(cut_out) as image:
        content = np.asarray(image.resize((24, 32), Image.Resampling.LANCZOS))
    with Image.open(tmp_path / "out.webp") as image:
        assert (image.mode, image.size) == ("RGBA", (24, 32))
        assert image.info["icc_profile"] == PROFILE
        found = np.asarray(image)
    np.testing.assert_allclose(found[..., 3].astype(int), content[..., 3], atol=1)
    opaque = content[..., 3] == 255
    difference = (found[opaque][:, :3].astype(float) - content[opaque][:, :3]) / 255
    # The luminance is another's, which adds the same to each channel, but where it is clipped.
    inside = np.all((found[opaque] > 0)[:, :3] & (found[opaque] < 255)[:, :3], axis=1)
    assert inside.mean() > 0.5
    assert np.ptp(difference[inside], axis=1).max() < 0.02
    assert np.abs(difference[inside] @ LUMA).mean() > 0.02
    with Image.open(tmp_path / "out-00006.webp") as preview:
        np.testing.assert_array_equal(np.asarray(preview), found)
    with Image.open(tmp_path / "strip.jpg") as strip:
        assert (strip.mode, strip.info["icc_profile"]) == ("RGB", PROFILE)


@pytest.mark.slow
def test_several_styles_in_the_colors_of_the_content(run, cut_out, painting, photo, tmp_path):
    rwkeras.write_image(tmp_path / "start.png", waves(20, 20))
    process = run(
        "style", f"--content={cut_out}", f"--style={painting},{photo}", "--output=out.jpg",
        *TOY_LAYERS, "--match_colors", "--source_weights=2,1", "--style_scale=0.5",
        "--init=start.png", "--coarse_to_fine", "--report=report.json", "--jpeg_quality=20",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    # One that comes when the bar is there stands behind it.
    parts = [line.partition("warning: ") for line in process.stderr.splitlines()]
    warnings = [found + text for _, found, text in parts if found]
    assert warnings == [
        "warning: `content` has an alpha channel: it is composited over white.",
        "warning: `coarse_to_fine` has no effect: the longer side must be at least 128 pixels, "
        "not 32.",
        "warning: `init` is stretched from 20 x 20 pixels to the aspect ratio of 24 x 32",
    ]
    with Image.open(tmp_path / "out.jpg") as image:
        assert (image.mode, image.size) == ("RGB", (24, 32))
        assert image.info["icc_profile"] == PROFILE

    report = json.loads((tmp_path / "report.json").read_text())
    with pytest.warns(UserWarning, match="alpha"):
        content = fitted(cut_out)
    model = rwkeras.load_network("toy_vgg", subtract_mean=True)
    layers = ["conv2_1", "conv1_1", "conv2_2"]
    rwkeras.make_ready(model, content, layers)
    result = rwkeras.transfer_style(
        model,
        content,
        [rwkeras.match_colors(fitted(p), content) for p in (painting, photo)],
        rwkeras.StyleSettings(layers[:1], layers[1:], source_weights=(2, 1), style_scale=0.5),
        init=tmp_path / "start.png",
        optimizer=rwkeras.OptimizerSettings("adam", max_iterations=6),
    )
    np.testing.assert_allclose(report["loss"], result.loss, rtol=1e-3)


def fitted(path):
    """Returns a picture as the tools take it with TOY."""
    return fit_longer_side(rwkeras.read_image(path), 32)


@pytest.mark.slow
def test_from_what_a_decoder_makes_by_sizes_and_tiles(run, painting, tmp_path):
    rwkeras.write_image(tmp_path / "content.png", waves(250, 40))
    toy = rwkeras.toy_vgg(seed=3)
    rwkeras.decnn(toy, "conv1_1", rwkeras.decoder(toy, "conv1_1")).save(tmp_path / "decoder.keras")
    process = run(
        "style", "--content=content.png", f"--style={painting}", "--output=out.tif", *TOY_LAYERS,
        "--image_size=0", "--init=decoder.keras", "--coarse_to_fine", "--tile_size=64",
        "--max_iterations=2", "--filmstrip=strip.png", "--report=report.json",
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert rwkeras.read_image(tmp_path / "out.tif").shape == (250, 40, 3)
    # Two sizes, of two iterations each.
    assert "4/4" in process.stderr
    assert json.loads((tmp_path / "report.json").read_text())["iterations"] == 4
    strip = rwkeras.read_image(tmp_path / "strip.png")
    assert strip.shape[0] == 8 + 14 + 250 + 8


REFUSED = {
    "--original_colors --match_colors": "`match_colors`. Expected False with `original_colors`, "
    "which keeps the colours of the content in any case. "
    "Received: match_colors=True",
    "--source_weights=2,1": "`source_weights`. Expected one number of at least 0 per source, 1, "
    "not all 0. Received: source_weights=[2.0, 1.0]",
    "--source_weights=2,heavy": "`source_weights`. Expected comma-separated numbers, such as 2,1. "
    "Received: "
    "source_weights=2,heavy",
    "--source_weights=nan": "`source_weights`. Expected a finite number of at least 0. "
    "Received: source_weights=nan",
    "--style_scale=0": "`style_scale`. Expected a finite number greater than 0. "
    "Received: style_scale=0.0",
    "--init=nois": "`init`. Expected 'content', 'noise', or the path of an existing picture or of "
    "a decoder's .keras file (did you mean 'noise'?). Received: init=nois",
    "--init=text.png": "`init`. Expected a picture in a format that Pillow supports. Received: "
    "init=text.png",
    "--init=toy.keras": "`init`. Expected a .keras file written by tools/train_decoder.py. "
    "Received: init=toy.keras",
    "--filmstrip=out.png": "`filmstrip`. Expected a different file from that of `output`. "
    "Received: filmstrip=out.png",
    "--filmstrip=no/strip.png": "`filmstrip`. Expected a file in an existing folder. Received: "
    "filmstrip=no/strip.png",
    "--variations=0": "`variations`. Expected an integer of at least 1. Received: variations=0",
    "--variations=2 --network=toy.keras": "`variations`. Expected 1, as the result does not "
    "depend on the seed: weights and initial image are "
    "given. Received: variations=2",
    "--jpeg_quality=90": "`jpeg_quality`. Expected an output picture that ends in .jpg or .jpeg "
    "with it. Received: jpeg_quality=90",
    "--webp_quality=90": "`webp_quality`. Expected an output picture that ends in .webp with it. "
    "Received: webp_quality=90",
    "--jpeg_quality=0 --output=out.jpg": "`jpeg_quality`. Expected an integer from 1 to 100. "
    "Received: jpeg_quality=0",
    "--tile_size=0": "`tile_size`. Expected an integer of at least 1. Received: tile_size=0",
}


def test_refused_before_anything_is_computed(run, photo, painting, tmp_path, monkeypatch):
    (tmp_path / "text.png").write_text("not a picture")
    rwkeras.toy_vgg().save(tmp_path / "toy.keras")
    before = {path.name for path in tmp_path.iterdir()}

    def compute(*args, **kwargs):
        raise SystemExit("it computes")

    monkeypatch.setattr("rwkeras.networks.loading.load_network", compute)
    common = [f"--content={photo}", f"--style={painting}", "--output=out.png", *TOY_LAYERS]
    for given, message in REFUSED.items():
        process = run("style", *common, *given.split())
        check_refused(process)
        assert process.stderr.splitlines()[-1] == f"error: Invalid value for argument {message}"
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_each_style_in_its_region(run, photo, painting, tmp_path):
    mask = np.zeros((32, 24, 3), np.float32)
    mask[:, :12] = 1
    for name, picture in (("left", mask), ("right", 1 - mask)):
        rwkeras.write_image(tmp_path / f"{name}.png", picture)
    styles = [f"--content={photo}", f"--style={painting},{photo}", "--output=out.png"]
    masks = "--content_masks=left.png,right.png"
    process = run("style", *styles, *TOY_LAYERS, masks, "--report=report.json")
    assert process.returncode == 0, process.stderr
    losses = json.loads((tmp_path / "report.json").read_text())["losses"]
    assert {"style/conv1_1_region1", "style/conv2_2_region2"} < set(losses)
    process = run("style", *styles, *TOY_LAYERS, "--content_masks=left.png")
    check_refused(
        process,
        "Invalid value for argument `content_masks`. Expected one per style, 2. Received: "
        "content_masks=1",
    )

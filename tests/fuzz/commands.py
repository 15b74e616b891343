"""Command lines drawn at random, most of them with something wrong."""

from collections.abc import Callable
from pathlib import Path

from tests.fuzz.files import Random, any_file, no_file, put, whole

# Of flags of numbers: values that are small or none at all. What is large may be meant.
_INTEGERS = ("-1", "-9223372036854775809", "nan", "1.5", "", "x", "0x10")
_FLOATS = ("nan", "inf", "-inf", "-1", "", "x", "1,5")
_WRONG: dict[str, tuple[str, ...]] = {
    "image_size": (*_INTEGERS, "1"),
    "max_iterations": _INTEGERS,
    "max_evaluations": (*_INTEGERS, "0"),
    "save_every": _INTEGERS,
    "variations": (*_INTEGERS, "0"),
    "seed": ("nan", "1.5", "", "x"),
    "jpeg_quality": (*_INTEGERS, "0", "101"),
    "webp_quality": (*_INTEGERS, "101"),
    "bits": (*_INTEGERS, "0", "12", "32"),
    "tile_size": (*_INTEGERS, "0"),
    "max_memory": (*_FLOATS, "0", "1e-9"),
    "max_megapixels": (*_FLOATS, "0", "0.00001"),
    "checkpoint_seconds": _FLOATS[:3],
    "fourier_exponent": _FLOATS,
    "optimizer": ("sgd", "", "LBFGS"),
    "parametrization": ("pixel", ""),
    "precision": ("float16", ""),
    "network": ("vgg18", "", "none.keras", "none.json", "/", "toy_vgg,"),
    "weights": ("imagenet", "none.h5", ""),
    "rescale_images": ("none", ""),
    "weighting": ("mean", ""),
    "pooling": ("median", ""),
    "initializer": ("he", "zeros", ""),
    "decorrelate_colors": ("maybe", "2"),
    "filmstrip": ("strip.xyz", "none/strip.png", "/", ""),
    "report": ("none/report.json", "/", "/proc/none"),
    "output": ("out.xyz", "out", "none/out.png", "/", "", "a" * 300 + ".png", "out.png/out.png"),
    "unknown": ("1",),
}
_OF_TOOLS: dict[str, dict[str, tuple[str, ...]]] = {
    "invert": {"layer": ("conv9_9", "", "conv1"), "init": ("none.keras", "content", "")},
    "style": {
        "style_weight": _FLOATS,
        "tv_weight": _FLOATS,
        "style_scale": (*_FLOATS, "0", "1e-9"),
        "content_layers": ("conv9_9", ""),
        "source_weights": ("1,2,3", "nan", "-1", "x", ""),
        "join": ("sum", ""),
        "preset": ("best", ""),
        "init": ("none.png", ""),
        "draws": ("0", "-1", "2"),
        "content_masks": ("none.png", "none.png,other.png"),
    },
    "texture": {
        "output_size": ("0x0", "16", "axb", "-1x5", "16x", "1x1", "16x16x16", ""),
        "octaves": (*_INTEGERS, "0", "40"),
        "layers": ("conv9_9", ""),
        "source_weights": ("1,2,3", "nan", "-1", "x", ""),
        "draws": ("0", "-1", "2"),
    },
}
_PICTURES = {"invert": ("image",), "style": ("content", "style"), "texture": ("texture",)}
_RIGHT = {
    "invert": {"layer": "conv1_1"},
    "style": {
        "content_layers": "conv1_1",
        "style_layers": "conv1_1",
        "coarse_to_fine": "false",
    },
    "texture": {"layers": "conv1_1", "coarse_to_fine": "false"},
}
TOOLS = tuple(_PICTURES)
_ENDINGS = (".png", ".jpg", ".webp", ".tif", ".bmp", ".PNG")


def _picture(random: Random, folder: Path, bad: bool) -> Path:
    if not bad:
        return put(random, folder, whole(random))
    if random.random() < 0.2:
        return no_file(random, folder)
    return put(random, folder, any_file(random))


def _choose(random: Random, values: tuple[str, ...]) -> str:
    return values[random.integers(len(values))]


def draw_line(random: Random, folder: Path, tool: str) -> list[str]:
    """Returns the flags of a tool's command line, with its pictures in a folder.

    Args:
        random: What it is drawn from.
        folder: An empty folder.
        tool: The tool.
    """
    broken = random.random() < 0.4
    pictures = {name: _picture(random, folder, broken) for name in _PICTURES[tool]}
    output = folder / f"out{_choose(random, _ENDINGS)}"
    given = {name: str(path) for name, path in pictures.items()}
    given |= {"output": str(output), "network": "toy_vgg", "image_size": "16"}
    given |= {"max_iterations": "1", "precision": "float32", **_RIGHT[tool]}
    arguments = [f"--{name}={value}" for name, value in given.items()]
    # One in so many lines is right, as it computes something.
    if (not broken and random.random() < 0.9) or random.random() < 0.3:
        arguments += _spoilt(random, tool, pictures)
    random.shuffle(arguments)
    return arguments


def _spoilt(random: Random, tool: str, pictures: dict[str, Path]) -> list[str]:
    """Returns what makes a command line wrong, or at least odd."""
    first = next(iter(pictures.values()))
    wrong: list[Callable[[], list[str]]] = [
        lambda: [f"--output={first}"],
        lambda: [f"--report={first}"],
        lambda: [f"--output={first.with_suffix('')}-1.png", f"--report={first}"],
        lambda: ["--report=same.png", "--output=same.png"],
        lambda: ["--output=out.jpg", "--bits=16"],
        lambda: ["stray"],
        lambda: ["--output"],
        lambda: [f"--{next(iter(pictures))}="],
    ]
    values = {**_WRONG, **_OF_TOOLS[tool]}
    if random.random() < 0.2:
        return wrong[random.integers(len(wrong))]()
    names = random.choice(list(values), random.integers(1, 3), replace=False)
    return [f"--{name}={_choose(random, values[name])}" for name in names]

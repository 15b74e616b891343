"""Compares coarse-to-fine texture synthesis with synthesis at full size, for equal run time.

Both match the paper's four layers of a random VGG-19. The patch distance of the source's mirror
images is about that of another piece of the same texture, and so a practical lower bound.

Example:
    python -m benchmarks.coarse_to_fine --output_dir=DIR --textures=pebbles.jpg,brick
"""

import csv
import time
from pathlib import Path

import numpy as np
from absl import app, flags
from skimage import data

import rwkeras
from rwkeras.images.files import whole_file
from rwkeras.images.outputs import Input, Output, check_no_overwrite
from rwkeras.images.reading import from_array, read_image, square
from rwkeras.images.writing import contact_sheet
from rwkeras.tasks.presets import VGG_LAYERS
from rwkeras.tasks.scales import ScaleSettings

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for pictures and the table.", required=True)
flags.DEFINE_list(
    "textures", ["brick", "gravel"], "Textures: files, or names of scikit-image pictures."
)
flags.DEFINE_integer("image_size", 192, "Side of the textures' central square, in pixels.")
flags.DEFINE_list("max_iterations", ["400"], "Iterations at the smallest size.")
flags.DEFINE_integer("seed", 0, "Seed of the weights and the initial noise.")

# At 48 pixels, the first four stages of a VGG-19 cover the whole structure of a texture.
_SCALES = ScaleSettings(smallest=48, least_iterations=80)
# Iteration limit that is never reached in the given time.
_UNLIMITED_ITERATIONS = 100_000


def source(name: str) -> np.ndarray:
    """Returns the central square of a texture, float32 [size, size, 3] in [0, 1]."""
    picture = read_image(name) if Path(name).exists() else from_array(getattr(data, name)())
    return square(picture, FLAGS.image_size)


def textures(image: np.ndarray, iterations: int) -> tuple[dict[str, np.ndarray], float]:
    """Returns both textures of a source, and the seconds given to each.

    The coarse-to-fine one runs first; the other is stopped after the same time.
    """

    def synthesize(scales, optimizer, stop=None):
        model = rwkeras.vgg19(subtract_mean=True, seed=FLAGS.seed)
        rwkeras.calibrate(rwkeras.feature_extractor(model, VGG_LAYERS), image)
        settings = rwkeras.TextureSettings(VGG_LAYERS, scales=scales, seed=FLAGS.seed)
        return rwkeras.synthesize_texture(
            model, image, settings, optimizer=optimizer, callback=stop
        ).image

    begun = time.perf_counter()
    coarse_to_fine = synthesize(_SCALES, rwkeras.OptimizerSettings(max_iterations=iterations))
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    optimizer = rwkeras.OptimizerSettings(max_iterations=_UNLIMITED_ITERATIONS, report_every=1)
    full_size = synthesize(None, optimizer, lambda _: time.perf_counter() - begun > seconds)
    return {"at_once": full_size, "coarse_to_fine": coarse_to_fine}, seconds


def compare(
    name: str, image: np.ndarray, iterations: int
) -> tuple[dict[str, str], list[tuple[str, np.ndarray]]]:
    """Returns a row of the table and a row of labelled images."""
    made, seconds = textures(image, iterations)
    row = {"texture": name, "iterations": str(iterations), "seconds": f"{seconds:.0f}"}
    distances = {
        kind: float(rwkeras.patch_distance(picture, image)[0]) for kind, picture in made.items()
    }
    row |= {kind: f"{distance:.4f}" for kind, distance in distances.items()}
    mirrored = np.stack([image[::-1], image[:, ::-1]])
    row["ratio"] = f"{distances['at_once'] / distances['coarse_to_fine']:.2f}"
    row["mirrored"] = f"{np.mean(rwkeras.patch_distance(mirrored, image)):.4f}"
    shown = [(kind.replace("_", " "), picture) for kind, picture in made.items()]
    return row, [(name, image), *shown]


def main(argv: list[str]) -> None:
    """Writes the images and the table."""
    folder = Path(FLAGS.output_dir)
    written = [folder / "coarse_to_fine.jpg", folder / "table.csv"]
    check_no_overwrite(
        [Output("output_dir", path, folder) for path in written],
        [Input("textures", path) for path in FLAGS.textures],
    )
    folder.mkdir(parents=True, exist_ok=True)
    rows, sheet = [], []
    for name in FLAGS.textures:
        image = source(name)
        for iterations in FLAGS.max_iterations:
            row, pictures = compare(Path(name).stem, image, int(iterations))
            rows.append(row)
            sheet.append(pictures)
            print(row, flush=True)
            rwkeras.write_image(folder / "coarse_to_fine.jpg", contact_sheet(sheet))
            with whole_file(folder / "table.csv") as path, path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    app.run(main)

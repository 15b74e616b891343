"""Compares parametrisations: PSNR of inversions after equally many evaluations of the gradient.

Images that are in the output folder already are not computed again.

Example:
    python -m benchmarks.parametrizations --output_dir=DIR
"""

import csv
from pathlib import Path

import numpy as np
from absl import app, flags
from skimage import data

import rwkeras
from rwkeras.images.files import whole_file
from rwkeras.images.reading import from_array, square
from rwkeras.images.writing import write_image

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Folder for pictures and the table.", required=True)
flags.DEFINE_list(
    "photos", ["astronaut", "chelsea", "coffee", "rocket"], "Names of scikit-image photographs."
)
flags.DEFINE_list("layers", ["conv3_1", "conv4_1", "conv5_1", "pool5"], "Layers to invert.")
flags.DEFINE_list("parametrizations", ["pixels", "adaptive"], "Parametrisations to compare.")
flags.DEFINE_integer("image_size", 256, "Side of the photographs' central square, in pixels.")
flags.DEFINE_integer("max_evaluations", 200, "Number of gradient evaluations.")
flags.DEFINE_string("precision", "auto", "Precision of the network.")
flags.DEFINE_integer("seed", 0, "Seed of the weights and the initial noise.")


def invert(photo: np.ndarray, layer: str, parametrization: str) -> np.ndarray:
    """Returns the inversion of a photograph from a layer."""
    model = rwkeras.vgg19(seed=FLAGS.seed)
    rwkeras.calibrate(rwkeras.feature_extractor(model, [layer]), photo)
    settings = rwkeras.OptimizerSettings(
        max_iterations=FLAGS.max_evaluations,
        max_evaluations=FLAGS.max_evaluations,
        parametrization=parametrization,
        precision=FLAGS.precision,
    )
    return rwkeras.invert(
        model, photo, rwkeras.InversionSettings(layer, seed=FLAGS.seed), optimizer=settings
    ).image


def main(argv: list[str]) -> None:
    """Writes the images and the table."""
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["photo", "layer", *FLAGS.parametrizations]
    rows = []
    for name in FLAGS.photos:
        photo = square(from_array(getattr(data, name)()), FLAGS.image_size)
        for layer in FLAGS.layers:
            row = {"photo": name, "layer": layer}
            for parametrization in FLAGS.parametrizations:
                picture = folder / f"{name}_{layer}_{parametrization}.npy"
                if not picture.exists():
                    image = invert(photo, layer, parametrization)
                    write_image(picture.with_suffix(".png"), image)
                    with whole_file(picture) as path, path.open("wb") as file:
                        np.save(file, image)
                row[parametrization] = f"{rwkeras.psnr(np.load(picture), photo)[0]:.1f}"
            rows.append(row)
            print(row, flush=True)
            with whole_file(folder / "table.csv") as path, path.open("w", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    app.run(main)

"""Inverts a photograph from every layer of an untrained VGG-19 and writes a table.

For each layer: how much of the loss is left, PSNR, SSIM and mean Euclidean distance to the
source, evaluations and seconds. A layer that the output folder holds already is not run again.

Example:
    python benchmarks/inversion_by_layer.py --output_dir=inversions
"""

import csv
import time
from pathlib import Path

from absl import app, flags
from skimage import data
from tqdm import tqdm

import rwkeras
from rwkeras.images.files import whole_file
from rwkeras.images.reading import fit_longer_side, from_array, read_image
from rwkeras.images.writing import contact_sheet, write_image

CONV_POOL = [
    name
    for stage, depth in enumerate((2, 2, 4, 4, 4), 1)
    for name in [*(f"conv{stage}_{i}" for i in range(1, depth + 1)), f"pool{stage}"]
]
LAYERS = [*CONV_POOL, "fc6", "fc7"]
COLUMNS = ("layer", "relative_loss", "psnr_db", "ssim", "distance", "evaluations", "seconds")
_THUMBNAIL = 128

FLAGS = flags.FLAGS
flags.DEFINE_string("output_dir", None, "Where pictures and the table go.", required=True)
flags.DEFINE_list("layers", LAYERS, "The layers.")
flags.DEFINE_integer("image_size", 256, "Length of the photograph's longer side.")
flags.DEFINE_integer("max_iterations", 200, "Iterations at most.")
flags.DEFINE_string("optimizer", "lbfgs", "The optimiser.")
flags.DEFINE_string("parametrization", "adaptive", "The coordinates of the image.")
flags.DEFINE_string("precision", "auto", "Of the network.")
flags.DEFINE_float("noise_stddev", 0.02, "Of the noise that it starts from.")
flags.DEFINE_integer("seed", 0, "Of weights and noise.")


def invert_layer(source, layer: str, picture: Path) -> dict[str, object]:
    """Inverts one layer, writes the picture and returns a row of the table."""
    top = layer.startswith("fc")
    model = rwkeras.vgg19(include_top=top, seed=FLAGS.seed)
    rwkeras.calibrate(rwkeras.feature_extractor(model, [layer]), source)
    bar = tqdm(total=FLAGS.max_iterations, desc=layer, unit="it")
    started = time.monotonic()
    result = rwkeras.invert(
        model,
        source,
        layer,
        seed=FLAGS.seed,
        noise_stddev=FLAGS.noise_stddev,
        optimizer=rwkeras.OptimizerSettings(
            optimizer=FLAGS.optimizer,
            parametrization=FLAGS.parametrization,
            precision=FLAGS.precision,
            max_iterations=FLAGS.max_iterations,
        ),
        callback=lambda progress: bar.update(progress.iteration - bar.n) and None,
    )
    bar.close()
    write_image(picture, result.image)
    return {
        "layer": layer,
        "relative_loss": f"{float(result.relative_loss):.1e}",
        "psnr_db": f"{rwkeras.psnr(result.image, source)[0]:.1f}",
        "ssim": f"{rwkeras.ssim(result.image, source)[0]:.3f}",
        "distance": f"{rwkeras.mean_euclidean_distance(result.image, source)[0]:.4f}",
        "evaluations": result.evaluations,
        "seconds": f"{time.monotonic() - started:.0f}",
    }


def write_table(folder: Path, rows: dict[str, dict[str, object]]) -> None:
    """Writes the rows as CSV, to resume from, and without the cost as Markdown."""
    with whole_file(folder / "table.csv") as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows.values())
    columns = COLUMNS[:-2]  # The cost is the optimiser's and the machine's, not the layer's.
    lines = [columns, ["---"] * len(columns), *([row[c] for c in columns] for row in rows.values())]
    with whole_file(folder / "table.md") as path:
        path.write_text("".join(f"| {' | '.join(map(str, line))} |\n" for line in lines))


def main(arguments: list[str]) -> None:
    """Runs the benchmark."""
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    source = fit_longer_side(from_array(data.astronaut()), FLAGS.image_size)
    rows: dict[str, dict[str, object]] = {}
    if (folder / "table.csv").exists():
        with (folder / "table.csv").open(newline="") as file:
            rows = {row["layer"]: dict(row) for row in csv.DictReader(file)}
    for layer in FLAGS.layers:
        if layer not in rows:
            rows[layer] = invert_layer(source, layer, folder / f"{layer}.png")
            write_table(folder, rows)
    rows = {layer: rows[layer] for layer in [*FLAGS.layers, *rows]}
    write_table(folder, rows)
    pictures = [("source", source)]
    pictures += [
        (f"{layer}: {row['psnr_db']} dB", read_image(folder / f"{layer}.png"))
        for layer, row in rows.items()
    ]
    pictures = [(label, fit_longer_side(picture, _THUMBNAIL)) for label, picture in pictures]
    sheet = contact_sheet([pictures[i : i + 6] for i in range(0, len(pictures), 6)])
    write_image(folder / "inversion_by_layer.jpg", sheet)


if __name__ == "__main__":
    app.run(main)

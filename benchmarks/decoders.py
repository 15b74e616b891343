"""Trains decoders for several layers with the tool and applies them to held-out photographs.

Training uses scikit-image's other photographs. Decoders that are in the output folder already are
not trained again.

Example:
    python -m benchmarks.decoders --output_dir=DIR
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from absl import app, flags

import rwkeras
from rwkeras.images.files import whole_file
from rwkeras.images.photographs import TEST_NAMES, photographs
from rwkeras.images.reading import square
from rwkeras.images.writing import contact_sheet, write_image

FLAGS = flags.FLAGS
# Flags that give good decoders in about a quarter of an hour on two cores, by layer.
TRAININGS = {
    "conv1_1": ["--crop_size=32", "--learning_rate=0.008", "--steps=9000"],
    "conv2_1": ["--steps=5000"],
    "conv3_1": ["--factors=4", "--steps=7000"],
}
flags.DEFINE_string(
    "output_dir", None, "Folder for decoders, contact sheet and table.", required=True
)
flags.DEFINE_list("layers", list(TRAININGS), "Layers to decode.")
flags.DEFINE_integer("image_size", 128, "Side of the photographs' central square, in pixels.")
flags.DEFINE_list("extra", [], "Additional flags of each training, such as --steps=100.")

_TOOL = Path(__file__).parents[1] / "tools" / "train_decoder.py"


def trained_decoder(folder: Path, layer: str) -> tuple[Path, dict]:
    """Returns a layer's decoder file and its training report; trains it if they do not exist."""
    file, report = folder / f"{layer}.keras", folder / f"{layer}.json"
    if not (file.exists() and report.exists()):
        given = [*TRAININGS.get(layer, []), *FLAGS.extra]
        outputs = [f"--layer={layer}", f"--output={file}", f"--report={report}"]
        subprocess.run([sys.executable, _TOOL, *outputs, *given], check=True)
    return file, json.loads(report.read_text())


def main(argv: list[str]) -> None:
    """Trains the decoders and writes the contact sheet and the table."""
    folder = Path(FLAGS.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    photos = np.stack([square(photo, FLAGS.image_size) for photo in photographs(TEST_NAMES)])
    sheet = [list(zip(TEST_NAMES, photos, strict=True))]
    lines = ["| layer | psnr_db | ssim | seconds |", "| --- | --- | --- | --- |"]
    for layer in FLAGS.layers:
        file, report = trained_decoder(folder, layer)
        decoded = rwkeras.decode(file, photos)
        decibels, similarity = rwkeras.psnr(decoded, photos), rwkeras.ssim(decoded, photos)
        labels = [f"{layer}: {value:.1f} dB" for value in decibels]
        sheet.append(list(zip(labels, decoded, strict=True)))
        lines.append(
            f"| {layer} | {decibels.mean():.1f} | {similarity.mean():.3f} | "
            f"{report['seconds']:.0f} |"
        )
    write_image(folder / "decoders.jpg", contact_sheet(sheet))
    with whole_file(folder / "decoders.md") as path:
        path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    app.run(main)

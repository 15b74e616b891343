"""Decodes an image from its activations at one layer, in one pass.

Example:
    rwkeras-decode --image=photo.jpg --decoder=decoder.keras --output=decoded.png
"""

import dataclasses
import time

from absl import flags

from rwkeras.commands.bits import check_bits
from rwkeras.commands.input_pictures import fit_picture, name_picture_in_errors
from rwkeras.commands.launch import own_flags
from rwkeras.commands.outputs import check_named_outputs
from rwkeras.commands.report import write_json
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.images.files import check_output
from rwkeras.images.reading import read_image
from rwkeras.images.writing import FileSettings, check_image_output, write_image
from rwkeras.metrics import psnr, ssim

FLAGS = flags.FLAGS
flags.DEFINE_string("image", None, "Picture to encode and decode.")
flags.DEFINE_string("decoder", None, "The .keras file written by rwkeras-train-decoder.")
flags.DEFINE_string("output", None, "Output picture; the extension selects the format.")
flags.DEFINE_integer(
    "image_size",
    256,
    "Length of the longer side that the picture is resampled to, in pixels; 0: original size.",
)
define_flags(FileSettings, "bits")
flags.DEFINE_string("report", None, "JSON file to write measures to.")
flags.mark_flags_as_required(["image", "decoder", "output"])


def main() -> None:
    """Runs the tool."""
    output = check_image_output(FLAGS.output)
    report = check_output(FLAGS.report, "report") if FLAGS.report else None
    check_named_outputs(("image", "decoder"), output=output, report=report)
    settings = check_bits(settings_from_flags(FileSettings, "bits"), output)
    image = fit_picture("image", FLAGS.image, read_image(FLAGS.image), FLAGS.image_size)
    decoder = load_decoder(FLAGS.decoder)
    started = time.monotonic()
    with name_picture_in_errors("image"):
        decoded = decode(decoder, image)
    seconds = time.monotonic() - started
    write_image(output, decoded, settings=settings)
    if report is not None:
        measures = {
            "psnr_db": psnr(decoded, image)[0],
            "ssim": ssim(decoded, image)[0],
            "seconds": round(seconds, 3),
            "settings": dataclasses.asdict(settings),
        }
        write_json(report, measures, {flag.name: flag.value for flag in own_flags()})

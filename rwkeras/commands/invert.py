"""Recovers a picture from its activations at one layer of an untrained network.

Example:
    rwkeras-invert --image=photo.jpg --layer=conv4_1 --output=recovered.png
"""

from absl import flags

from rwkeras.commands.flags import FLAGS, network
from rwkeras.commands.settings_flags import define_flags, settings_from_flags
from rwkeras.commands.source import Source
from rwkeras.commands.task import Task, run_task
from rwkeras.metrics import psnr, ssim
from rwkeras.tasks.invert import NOISE, invert
from rwkeras.tasks.settings import InversionSettings
from rwkeras.validation import invalid_argument

flags.DEFINE_string(
    "image",
    None,
    "Picture to invert. Its alpha channel, which is composited over white, and its ICC profile "
    "are copied to the result if the format supports them; pixel values are not colour-converted.",
)
define_flags(InversionSettings, "layer")
flags.DEFINE_string(
    "init",
    NOISE,
    "Initial image: noise, the path of a picture, or that of a decoder's .keras file, trained for "
    "the same layer and network.",
)
flags.mark_flag_as_required("image")


def main() -> int:
    """Runs the tool; returns its exit status."""
    source = Source("image")

    def prepare():
        if FLAGS.variations > 1 and FLAGS.init.endswith(".keras"):
            expected = "1 with a decoder as `init`, which is for one network"
            raise invalid_argument("variations", expected, FLAGS.variations)
        image = source.batch
        model = network([FLAGS.layer], image, subtract_mean=False)

        settings = settings_from_flags(InversionSettings, "layer", "weighting", "seed")

        def run(optimizer, callback):
            return invert(
                model,
                image.images,
                settings,
                init=FLAGS.init,
                optimizer=optimizer,
                callback=callback,
            )

        return Task(settings, run)

    def measure(image):
        reference = source.batch.images[0]
        return {"psnr_db": psnr(image, reference)[0], "ssim": ssim(image, reference)[0]}

    noise = FLAGS.init == NOISE
    return run_task(prepare, measure, reads=("image", "init"), source=source, noise=noise)

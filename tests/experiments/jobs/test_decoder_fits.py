import numpy as np
import pytest

from rwkeras.decoders.decnn import load_decoder
from rwkeras.decoders.decode import decode
from rwkeras.decoders.network import decoder
from rwkeras.decoders.settings import DecoderSettings, DecoderTraining
from rwkeras.experiments.jobs.decoder_fits import DecoderFit
from rwkeras.experiments.jobs.decodings import Decoding
from rwkeras.sweeps.files import reference_to
from rwkeras.sweeps.pictures import read_picture
from rwkeras.sweeps.store import Store, run_job

pytestmark = pytest.mark.eager

SHAPE = DecoderSettings(upsampling="subpixel", factors=(2,), depth=1, seed=2)
TRAINING = DecoderTraining(
    photo_size=48, crop_size=32, held_out=0.2, batch_size=2, steps=4, epoch_steps=2,
    precision="float32", seed=5,
)  # fmt: skip


@pytest.mark.slow
def test_a_fit_keeps_the_decoder_and_is_the_same_again(folder, network, image):
    job = DecoderFit(network, "conv2_1", SHAPE, TRAINING)
    assert run_job(job, folder) is None
    result = Store(folder).read(job)
    assert [row["step"] for row in result.trace] == [2, 4]
    assert result.trace[0].keys() == {"step", "psnr_db", "held_out_psnr_db"}
    assert result.values == {"held_out_psnr_db": result.trace[-1]["held_out_psnr_db"]}
    path = Store(folder).path(job, "decoder.keras")
    model = load_decoder(path)
    untrained = decoder(network.build(folder), "conv2_1", SHAPE)
    moved = [
        np.abs(a - b).max()
        for a, b in zip(model.layers[-2].get_weights(), untrained.get_weights(), strict=True)
    ]
    assert max(moved) > 1e-4
    again = job.run(folder)
    assert again.trace == result.trace
    assert again.files == result.files
    decoded = Decoding(reference_to(folder, path), image).run(folder)
    expected = decode(model, read_picture(image, folder))
    np.testing.assert_array_equal(decoded.pictures["picture"], expected)

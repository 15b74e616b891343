import dataclasses

import numpy as np
import pytest

import rwkeras
from rwkeras.decoders.decnn import decnn
from rwkeras.decoders.network import decoder
from rwkeras.decoders.settings import DecoderSettings
from rwkeras.experiments.jobs.decodings import (
    Decoding,
    UntrainedDecoder,
    UntrainedDecoding,
    build_decnn,
)
from rwkeras.experiments.jobs.equivariance import Equivariance
from rwkeras.experiments.jobs.inversions import Inversion
from rwkeras.experiments.jobs.networks import network_bytes
from rwkeras.experiments.jobs.structure import structure
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.jobs import job_key
from rwkeras.sweeps.pictures import read_picture

pytestmark = pytest.mark.eager

SHAPE = DecoderSettings(upsampling="subpixel", factors=(2,), depth=1, seed=2)


@pytest.fixture(scope="module")
def file(folder, network):
    """The file of an encoder with an untrained decoder."""
    model = network.build(folder)
    given = dataclasses.replace(SHAPE, seed=9)
    whole = decnn(model, "conv2_1", decoder(model, "conv2_1", given))
    return put_file(folder, "decoder.keras", network_bytes(whole))


def test_a_decoding_is_that_of_decode(folder, image, file):
    result = Decoding(file, image).run(folder)
    source = read_picture(image, folder)
    plain = rwkeras.psnr(result.pictures["picture"], source)[0]
    distance = rwkeras.mean_euclidean_distance(result.pictures["picture"], source)[0]
    assert result.values == {
        "psnr_db": pytest.approx(plain),
        "ssim": pytest.approx(rwkeras.ssim(result.pictures["picture"], source)[0]),
        "distance": pytest.approx(distance),
    }
    assert result.pictures["picture"].shape == (32, 32, 3)
    assert build_decnn(file, folder) is build_decnn(file, folder)


def test_an_untrained_decoding_is_shown_in_the_sources_range(folder, network, image):
    given = UntrainedDecoder(network, "conv1_2", DecoderSettings(depth=1, seed=6))
    result = UntrainedDecoding(given, image).run(folder)
    source, model = read_picture(image, folder), network.build(folder)
    whole = decnn(model, "conv1_2", decoder(model, "conv1_2", DecoderSettings(depth=1, seed=6)))
    output = whole(source[None]).numpy()[0]
    found = structure(output, source)
    assert result.values == {name: pytest.approx(value, abs=1e-4) for name, value in found.items()}
    assert result.pictures.keys() == {"picture", "mapped"}
    assert all(x.min() >= 0 and x.max() <= 1 for x in result.pictures.values())
    errors = {name: np.abs(picture - source).mean() for name, picture in result.pictures.items()}
    assert errors["mapped"] < errors["picture"]
    other = UntrainedDecoder(network, "conv1_2", DecoderSettings(depth=1, seed=7))
    assert UntrainedDecoding(other, image).run(folder).values != result.values


def test_an_inversion_may_begin_with_what_is_decoded(folder, network, image, file):
    optimizer = OptimizerSettings(
        memory=8, max_iterations=2, report_every=1, parametrization="pixels", precision="float32"
    )
    job = Inversion(network, image, "conv2_1", 4, optimizer, decoder=file)
    result = job.run(folder)
    start = Decoding(file, image).run(folder).pictures["picture"]
    source = read_picture(image, folder)
    distance = rwkeras.mean_euclidean_distance(start, source)[0]
    assert result.trace[0]["distance"] == pytest.approx(distance, rel=1e-5)
    assert result.trace[2]["loss"] < result.trace[0]["loss"]
    assert [row["iteration"] for row in result.trace] == [0, 1, 2]
    assert result.trace[-1]["loss"] == pytest.approx(result.values["loss"])
    assert result.trace[-1]["evaluations"] == result.values["evaluations"]
    noise = dataclasses.replace(job, decoder=None).run(folder)
    assert noise.trace[0]["loss"] != result.trace[0]["loss"]


def test_trained_and_untrained_decoders_are_different_jobs(folder, network, image, file):
    untrained = UntrainedDecoder(network, "conv2_1", SHAPE)
    keys = {job_key(Equivariance(given, image)) for given in (file, untrained)}
    assert len(keys) == 2
    trained = Equivariance(file, image).run(folder)
    assert trained.values == {"transforms": 18}
    start = Decoding(file, image).run(folder).pictures["picture"]
    # Outputs of decoders from files are not rescaled.
    np.testing.assert_allclose(trained.pictures["picture"], start, atol=1e-6)

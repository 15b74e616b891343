import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.objectives.objective import Objective
from rwkeras.tasks.terms import content_terms, downscaled, texture_terms
from rwkeras.tiling.sums import image_content_loss
from tests.conftest import waves

pytestmark = pytest.mark.eager

LAYERS = ("conv1_1", "conv2_2", "pool3")
TEXTURE = {"kind": "style", "weighting": "mean_absolute", "join": "mean"}


def one(height, width):
    return tf.constant(waves(height, width)[np.newaxis])


@pytest.fixture
def pair():
    return tf.constant(np.stack([waves(35, 44), 1 - waves(35, 44)]))


@pytest.fixture
def copies_of_16(monkeypatch):
    """Weights of larger images than 16 pixels are those of copies, as of 512 elsewhere."""
    monkeypatch.setattr("rwkeras.tasks.terms.BALANCE_SIDE", 16)


def check_weights(found, expected, factor=1.0, rtol=1e-6):
    assert [term.name for term in found.terms] == [term.name for term in expected.terms]
    for term, other in zip(found.terms, expected.terms, strict=True):
        weights = factor * np.asarray(other.weight)
        np.testing.assert_allclose(term.weight, weights, rtol=rtol)


@pytest.mark.parametrize("weighting", ["mean_absolute", "literal", "rms", "none"])
def test_weights_of_small_images_are_those_without_tiles(toy, pair, weighting):
    content, tiled_content = (
        content_terms(toy, pair, LAYERS, weighting=weighting, tile=tile) for tile in (None, 16)
    )
    check_weights(tiled_content, content)
    arguments = {**TEXTURE, "weighting": weighting}
    texture, tiled_texture = (
        texture_terms(toy, [pair, one(20, 52)], LAYERS, **arguments, tile=tile)
        for tile in (None, 16)
    )
    check_weights(tiled_texture, texture)
    for term, other in zip(tiled_texture.terms, texture.terms, strict=True):
        np.testing.assert_allclose(term.target, other.target, rtol=1e-4, atol=1e-6)


def test_the_terms_of_a_content(toy, pair):
    plain, tiled = (
        content_terms(toy, pair, LAYERS, weighting="rms", tile=tile) for tile in (None, 16)
    )
    features = rwkeras.extract(toy, LAYERS, pair)
    for layer, term in zip(LAYERS, plain.terms, strict=True):
        assert (term.name, term.layer, term.loss) == (
            f"content/{layer}",
            layer,
            rwkeras.content_loss,
        )
        np.testing.assert_array_equal(term.target, features[layer])
    for layer, term in zip(LAYERS, tiled.terms, strict=True):
        assert (term.name, term.layer, term.loss) == (
            f"content/{layer}",
            layer,
            image_content_loss,
        )
        np.testing.assert_array_equal(term.target, pair)


@pytest.mark.parametrize("weighting", ["mean_absolute", "literal", "rms"])
def test_weights_of_large_images_are_those_of_a_copy(toy, copies_of_16, weighting):
    images, other = one(48, 32), one(16, 24)
    # 48 x 32 pixels become 24 x 16, each the mean of those that it stands for; 16 x 24 are as few.
    copies = [tf.image.resize(images, (24, 16), "area"), other]
    times = [48 * 32 / (24 * 16), 1.0]
    content = content_terms(toy, images, LAYERS, weighting=weighting, tile=16)
    expected = content_terms(toy, copies[0], LAYERS, weighting=weighting, tile=None)
    check_weights(content, expected, times[0])
    arguments = {**TEXTURE, "weighting": weighting}
    texture = texture_terms(toy, images, LAYERS, **arguments, tile=16)
    alone = [texture_terms(toy, copy, LAYERS, **arguments) for copy in copies]
    check_weights(texture, alone[0], times[0])
    both = texture_terms(toy, [images, other], LAYERS, **arguments, tile=16)
    for term, first, second in zip(both.terms, *(each.terms for each in alone), strict=True):
        sizes = [1 / (times[0] * first.weight), 1 / (times[1] * second.weight)]
        np.testing.assert_allclose(term.weight, 1 / np.mean(sizes, axis=0), rtol=1e-6)


def test_the_gradient_of_a_large_image_is_nearly_of_size_1(toy, monkeypatch):
    monkeypatch.setattr("rwkeras.tasks.terms.BALANCE_SIDE", 32)
    # Of few waves, for the copy to be like the image.
    images = tf.image.resize(one(32, 24), (96, 72), "bicubic")
    texture = texture_terms(toy, images, LAYERS[:2], **TEXTURE, tile=32)
    for term in texture.terms:
        nothing = Objective(term._replace(target=tf.zeros_like(term.target)))
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = nothing(rwkeras.extract(toy, [term.layer], images))[term.name]
        size = np.mean(np.abs(tape.gradient(loss, images)))
        # That of the copy for the weight is 9 times as large.
        assert 0.5 < size < 2


def test_weights_of_large_images_without_weighting(toy, copies_of_16):
    arguments = {**TEXTURE, "weighting": "none"}
    for terms in (
        content_terms(toy, one(48, 32), LAYERS, weighting="none", tile=16),
        texture_terms(toy, one(48, 32), LAYERS, **arguments, tile=16),
        texture_terms(toy, [one(48, 32), one(32, 32)], LAYERS, **arguments, tile=16),
    ):
        assert [float(term.weight) for term in terms.terms] == [1.0] * len(LAYERS)


def test_a_long_image(toy, copies_of_16):
    long = one(16, 128)
    whole = texture_terms(toy, long, LAYERS, **TEXTURE)
    tiled = texture_terms(toy, long, LAYERS, **TEXTURE, tile=16)
    assert [term.name for term in tiled.terms] == [term.name for term in whole.terms]


def test_names_begin_with_the_kind(toy):
    for kind in ("style", "texture"):
        terms = texture_terms(toy, one(20, 20), LAYERS, **{**TEXTURE, "kind": kind}).terms
        assert [term.name for term in terms] == [f"{kind}/{layer}" for layer in LAYERS]


@pytest.mark.parametrize("tile", [None, 16])
def test_a_source_that_alone_counts(toy, tile):
    first, second = one(24, 32), 1 - one(36, 20)
    alone, other = (
        texture_terms(toy, source, LAYERS, **TEXTURE, tile=tile) for source in (first, second)
    )
    for weights, expected in (((1, 0), alone), ((0, 0.5), other)):
        found = texture_terms(toy, [first, second], LAYERS, **TEXTURE, weights=weights, tile=tile)
        check_weights(found, expected)
        for term, single in zip(found.terms, expected.terms, strict=True):
            np.testing.assert_allclose(term.target, single.target, rtol=1e-5, atol=1e-7)


def test_a_source_that_counts_twice_is_given_twice(toy):
    first, second = one(24, 32), 1 - one(24, 32)
    twice = texture_terms(toy, [first, first, second], LAYERS, **TEXTURE)
    weighted = texture_terms(toy, [first, second], LAYERS, **TEXTURE, weights=(2, 1))
    plain = texture_terms(toy, [first, second], LAYERS, **TEXTURE)
    check_weights(weighted, twice)
    for term, expected, other in zip(weighted.terms, twice.terms, plain.terms, strict=True):
        np.testing.assert_allclose(term.target, expected.target, rtol=1e-4, atol=1e-6)
        assert not np.allclose(term.target, other.target, rtol=1e-2)
        assert not np.allclose(term.weight, other.weight, rtol=1e-3)


def test_sources_count_by_their_size_unless_they_have_weights(toy):
    first, second = one(24, 32), 1 - one(16, 16)
    by_size = texture_terms(toy, [first, second], ["conv1_2"], **TEXTURE).terms[0]
    alike = texture_terms(toy, [first, second], ["conv1_2"], **TEXTURE, weights=(1, 1)).terms[0]
    grams = [
        rwkeras.gram_matrix(rwkeras.extract(toy, ["conv1_2"], images)["conv1_2"])
        for images in (first, second)
    ]
    np.testing.assert_allclose(by_size.target, (3 * grams[0] + grams[1]) / 4, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(alike.target, (grams[0] + grams[1]) / 2, rtol=1e-4, atol=1e-6)


def test_how_much_sources_of_a_texture_count(toy):
    first, second = waves(24, 32), 1 - waves(36, 20)
    none = rwkeras.OptimizerSettings(max_iterations=0)

    def losses(texture, weights=None):
        settings = rwkeras.TextureSettings(["conv1_1", "conv2_1"], (24, 20), source_weights=weights)
        return rwkeras.synthesize_texture(toy, texture, settings, optimizer=none).losses

    expected = losses(first)
    for name, loss in losses([first, second], [1, 0]).items():
        np.testing.assert_allclose(loss, expected[name], rtol=1e-5)
    assert losses([first, second], (1, 1)) != losses([first, second], (1, 2))


def test_images_that_are_too_small(toy):
    message = (
        "Invalid value for argument `image`. Expected an image large enough for the pooling "
        "layers before conv1_1, conv2_2, pool3. Received: image=(5, 40, 3)"
    )
    for tile in (None, 16):
        with pytest.raises(ValueError) as error:
            content_terms(toy, one(5, 40), LAYERS, weighting="rms", tile=tile)
        assert str(error.value) == message
        with pytest.raises(ValueError) as error:
            texture_terms(toy, one(5, 40), LAYERS, **TEXTURE, tile=tile)
        assert str(error.value) == message


def test_copies_of_large_images():
    large = tf.fill([1, 768, 1000, 3], 0.25)
    copy = downscaled(large)
    assert copy.shape == (1, 384, 500, 3)
    np.testing.assert_allclose(copy, 0.25, rtol=1e-6)
    assert downscaled(copy) is copy
    white = downscaled(tf.ones([1, 734, 734, 3]))
    assert 1 - 1e-4 < np.min(white) <= np.max(white) <= 1

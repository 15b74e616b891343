"""Tasks in several threads at once, with a network per thread and with a shared one."""

import threading

import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.cache import CACHE
from tests.conftest import waves

SIZE = 16


def in_threads(functions):
    """Runs functions at the same time, each in its own thread, and returns their results."""
    results, errors, together = {}, [], threading.Barrier(len(functions))

    def work(n):
        try:
            together.wait(60)
            results[n] = functions[n]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not errors
    assert not any(thread.is_alive() for thread in threads)
    return [results[n] for n in range(len(functions))]


def small(seed):
    return rwkeras.filter_bank(sizes=(3,), filters=4, seed=seed)


def inverted(model, flipped, optimizer):
    image = np.flip(waves(SIZE, SIZE), 0) if flipped else waves(SIZE, SIZE)
    settings = rwkeras.OptimizerSettings(
        optimizer=optimizer,
        max_iterations=12,
        memory=2,
        precision="float32",
        parametrization="pixels",
        report_every=2,
    )
    return rwkeras.invert(
        model, image, rwkeras.InversionSettings("conv3"), optimizer=settings
    ).image


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_one_network_for_all_threads(optimizer):
    model = small(3)
    tasks = [lambda n=n: inverted(model, n % 2, optimizer) for n in range(4)]
    # Without and with compiled functions in the cache.
    for found in (in_threads(tasks), in_threads(tasks)):
        for n in range(2):
            np.testing.assert_array_equal(found[n], inverted(model, n, optimizer))
            np.testing.assert_array_equal(found[n + 2], found[n])


@pytest.mark.slow
def test_a_network_for_each_thread():
    found = in_threads([lambda n=n: inverted(small(n), False, "lbfgs") for n in range(3)])
    for n in range(3):
        np.testing.assert_array_equal(found[n], inverted(small(n), False, "lbfgs"))
    assert np.abs(found[0] - found[1]).max() > 0.01


def synthesized(flipped):
    texture = np.flip(waves(SIZE, SIZE), 1) if flipped else waves(SIZE, SIZE)
    optimizer = rwkeras.OptimizerSettings(max_iterations=4, memory=2, precision="float32")
    return rwkeras.synthesize_texture(
        "multiscale", texture, rwkeras.TextureSettings(scales=None), optimizer=optimizer
    ).image


@pytest.mark.slow
def test_a_network_by_name_that_is_drawn_anew():
    # Each thread draws the network for its own source.
    found = in_threads([lambda n=n: synthesized(n) for n in range(2)])
    for n in range(2):
        np.testing.assert_array_equal(found[n], synthesized(n))


@pytest.mark.slow
def test_a_callback_may_make_another_picture():
    expected, heard = synthesized(False), []

    def again(progress):
        if not heard:
            heard.append(synthesized(True))

    optimizer = rwkeras.OptimizerSettings(max_iterations=4, memory=2, precision="float32")
    found = rwkeras.synthesize_texture(
        "multiscale",
        waves(SIZE, SIZE),
        rwkeras.TextureSettings(scales=None),
        optimizer=optimizer,
        callback=again,
    )
    np.testing.assert_array_equal(found.image, expected)


@pytest.mark.slow
def test_gram_matrices_are_differentiated_by_several_threads_at_once():
    rows = tf.constant(waves(SIZE, SIZE)[np.newaxis])

    def differentiated(rows):
        with tf.GradientTape() as tape:
            tape.watch(rows)
            gram = rwkeras.gram_matrix(rows)
        return tape.gradient(gram, rows)

    expected = differentiated(rows)
    for _ in range(20):
        CACHE.clear()
        traced = [tf.function(differentiated, autograph=False) for _ in range(8)]
        for found in in_threads([lambda f=f: f(rows) for f in traced]):
            np.testing.assert_allclose(found, expected, rtol=1e-5)

"""Models that are trained on two devices, and loaded in a process that made nothing itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import rwkeras

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_replicas_learn_what_one_does(tmp_path):
    random = np.random.default_rng(0)
    sharp = random.random((4, 16, 16, 3)).astype(np.float32)
    blurred = keras.ops.average_pool(sharp, 3, 1, "same").numpy()
    np.savez(tmp_path / "images.npz", sharp=sharp, blurred=blurred)
    model = keras.Sequential([keras.Input((16, 16, 3))])
    model.add(keras.layers.Conv2D(3, 3, activation="sigmoid", padding="same"))
    model.layers[0].kernel.assign(rwkeras.He(seed=0)([3, 3, 3, 3]))
    loss = rwkeras.RandomPerceptualLoss("toy_vgg", style_layers=["conv1_1"])
    model.compile(keras.optimizers.SGD(0.01), loss=loss)
    model.save(tmp_path / "model.keras")
    history = model.fit(blurred, sharp, batch_size=4, epochs=3, shuffle=False, verbose=0)
    expected = [*history.history["loss"], model.evaluate(blurred, sharp, verbose=0)]
    assert expected[-1] < 0.9 * expected[0]

    process = subprocess.run(
        [sys.executable, Path(__file__).with_name("distributed.py"), tmp_path / "model.keras",
         tmp_path / "images.npz", "2"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    results = json.loads(process.stdout.splitlines()[-1])
    assert list(results) == ["loaded", "outside", "inside"]
    for losses in results.values():
        np.testing.assert_allclose(losses, expected, rtol=1e-4)

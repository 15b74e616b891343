"""Trains a saved model on two devices; a process of its own, for devices are made only once.

Prints, for a loss that was loaded, made outside and made inside the strategy's scope, the losses
of a few steps and the loss afterwards, as JSON.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

import rwkeras

path, images, replicas = sys.argv[1:]
device = tf.config.list_physical_devices("CPU")[0]
logical = [tf.config.LogicalDeviceConfiguration() for _ in range(int(replicas))]
tf.config.set_logical_device_configuration(device, logical)
strategy = tf.distribute.MirroredStrategy([f"CPU:{n}" for n in range(int(replicas))])
assert strategy.num_replicas_in_sync == int(replicas)

with np.load(images) as file:
    blurred, sharp = file["blurred"], file["sharp"]
outside = rwkeras.RandomPerceptualLoss("toy_vgg", style_layers=["conv1_1"])
results = {}
for case in ("loaded", "outside", "inside"):
    with strategy.scope():
        model = keras.saving.load_model(path)
        if case != "loaded":
            inside = rwkeras.RandomPerceptualLoss("toy_vgg", style_layers=["conv1_1"])
            loss = outside if case == "outside" else inside
            model.compile(keras.optimizers.SGD(0.01), loss=loss)
    history = model.fit(blurred, sharp, batch_size=4, epochs=3, shuffle=False, verbose=0)
    last = model.evaluate(blurred, sharp, batch_size=4, verbose=0)
    results[case] = [*history.history["loss"], last]
print(json.dumps(results))

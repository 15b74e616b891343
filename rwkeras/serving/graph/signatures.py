"""Signatures of an exported task, with checks of their inputs.

Images of a batch are processed independently, one after another. So a batch gives the same bits as
single calls, its images may differ in size, and it needs the memory of one.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.serving.graph.encoded import (
    check,
    check_encoded,
    decode,
    encode,
    encoded_sizes,
    refuse,
)
from rwkeras.serving.graph.sizes import fit, fitted, smallest_side
from rwkeras.serving.graph.task import Option, ServedTask
from rwkeras.serving.graph.weights import Weights
from rwkeras.serving.settings import ServingSettings
from rwkeras.validation import invalid_argument

_BYTES = "_bytes"
_IMAGE = tf.TensorSpec([None, None, 3], tf.float32)
Tensors = dict[str, tf.Tensor]


def _function(
    body: Callable[[Tensors], Tensors],
    inputs: Mapping[str, tf.TensorSpec],
    options: Mapping[str, Option],
) -> Any:
    """Returns a `tf.function` of named inputs and options.

    TensorFlow writes the defaults of the Python signature into the model's signature.
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in inputs]
    parameters += [inspect.Parameter(n, kind, default=o.default) for n, o in options.items()]
    specs = list(inputs.values())
    specs += [tf.TensorSpec([], o.default.dtype, name) for name, o in options.items()]
    names = [parameter.name for parameter in parameters]

    def function(*values):
        return body(dict(zip(names, values, strict=True)))

    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return tf.function(function, input_signature=specs, autograph=False)


def _of_any_shape(tensor: tf.Tensor) -> tf.Tensor:
    """Returns a tensor without the static shape of its signature.

    A server does not check inputs against that shape, and checks in the graph would be optimised
    away if it were known.
    """
    return tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(None))


def _check_rank(tensor: tf.Tensor, name: str, rank: int) -> tf.Tensor:
    """Returns an input after a check of its rank and for a non-empty batch."""
    loose = _of_any_shape(tensor)
    expected = f"a non-empty batch of rank {rank}"
    shape = tf.shape(loose)
    right = tf.equal(tf.rank(loose), rank) & (tf.size(shape) > 0) & tf.reduce_all(shape[:1] > 0)
    with tf.control_dependencies([check(right, name, expected, "", shape)]):
        return tf.identity(tensor)


class ServedModel:
    """A task with its network, and its signature functions.

    Args:
        task: The task.
        model: The network.
        weights: Source of the network's weights in the exported graph.
        settings: Limits of the work.

    Attributes:
        task: The task.
        smallest_side: Minimum side of images that reach all layers, in pixels.

    Raises:
        ValueError: `settings.max_side` is smaller than the layers need.
    """

    def __init__(
        self, task: ServedTask, model: keras.Model, weights: Weights, settings: ServingSettings
    ):
        self.task, self._model, self._settings = task, model, settings
        self._weights = weights
        self._options = task.options(settings)
        self._smallest = {
            name: smallest_side(model, layers) for name, layers in task.layers.items()
        }
        self.smallest_side = max(self._smallest.values())
        if settings.max_side < self.smallest_side:
            expected = f"at least {self.smallest_side} pixels, the minimum for the layers"
            raise invalid_argument("max_side", expected, settings.max_side)

    def signatures(self) -> dict[str, Any]:
        """Returns the model's functions by signature name."""
        encoded = {
            name + _BYTES: tf.TensorSpec([None], tf.string, name + _BYTES)
            for name in self.task.layers
        }
        pixels = {
            name: tf.TensorSpec([None, None, None, 3], tf.float32, name)
            for name in self.task.layers
        }

        def of(function, ending):
            def body(values):
                images = {name: values[name + ending] for name in self.task.layers}
                options = {n: values.get(n, o.default) for n, o in self._options.items()}
                return function(images, options)

            return body

        return {
            "serving_default": _function(of(self._of_encoded, _BYTES), encoded, self._options),
            "rest": _function(of(self._of_encoded, _BYTES), encoded, {}),
            "tensors": _function(of(self._of_pixels, ""), pixels, self._options),
        }

    # A separate `tf.function`, so that the export holds it once for all signatures, like `_run`.
    @tf.function(autograph=False)
    def _of_encoded(self, files: Tensors, options: Tensors) -> Tensors:
        """Runs the task on encoded images."""
        files = {name: _check_rank(value, name + _BYTES, 1) for name, value in files.items()}
        checks = []
        for name, value in files.items():
            sizes = encoded_sizes(value)
            checks += check_encoded(value, sizes, name + _BYTES, self._settings.max_pixels)
            # Files that are not images have size 0; `check_encoded` reports them.
            known = tf.reduce_all(sizes > 0, axis=1, keepdims=True)
            sizes = tf.where(known, sizes, self._settings.max_side)
            checks.append(self._check_sizes(sizes, name, name + _BYTES))

        def read(name, place):
            return fit(decode(files[name][place]), self._settings.max_side)

        outcomes = self._each(
            files, options, checks, read, encode, tf.TensorSpec([], tf.string), _BYTES
        )
        image = outcomes.pop("image")
        return {"image_bytes": image, **outcomes}

    def _of_pixels(self, images: Tensors, options: Tensors) -> Tensors:
        """Runs the task on images as tensors."""
        images = {name: _check_rank(value, name, 4) for name, value in images.items()}
        checks = []
        for name, value in images.items():
            bad = ~tf.reduce_all((value >= 0) & (value <= 1), axis=(1, 2, 3))
            checks.append(refuse(bad, name, "pixels in [0, 1]", "values outside, or NaN,"))
            sizes = tf.tile(tf.shape(value)[tf.newaxis, 1:3], [tf.shape(value)[0], 1])
            checks.append(self._check_sizes(sizes, name, name))
            channels = tf.shape(_of_any_shape(value))[3]
            checks.append(check(tf.equal(channels, 3), name, "3 channels", "", channels))

        def read(name, place):
            return fit(images[name][place], self._settings.max_side)

        return self._each(images, options, checks, read, tf.identity, _IMAGE)

    def _check_sizes(self, sizes: tf.Tensor, name: str, shown: str) -> tf.Operation:
        """Returns an assertion that images are large enough to reach their layers.

        Args:
            sizes: Heights and widths, [batch, 2].
            name: Name of the image.
            shown: Name of its input, for messages.
        """
        side = self._smallest[name]
        small = (sizes < 1) | (fitted(sizes, self._settings.max_side) < side)
        expected = f"images with sides of at least {side} pixels"
        return refuse(tf.reduce_any(small, axis=1), shown, expected, "smaller")

    def _each(
        self,
        images: Tensors,
        options: Tensors,
        checks: Sequence[tf.Operation],
        read: Callable[[str, tf.Tensor], tf.Tensor],
        write: Callable[[tf.Tensor], tf.Tensor],
        image: tf.TensorSpec,
        ending: str = "",
    ) -> Tensors:
        """Runs the task on each image of a batch.

        Args:
            images: Inputs by image name; all but the first may hold one image for the whole batch.
            options: The task's options, including its budget.
            checks: Assertions to run first.
            read: Returns an image, [height, width, 3], by its name and place.
            write: Converts the resulting image to the output.
            image: Spec of that output.
            ending: Suffix of image names in input names.
        """
        first, *others = images
        batch = tf.shape(images[first])[0]
        checks = [*checks, *self._check_options(options)]
        for name in others:
            count = tf.shape(images[name])[0]
            expected = f"one image, or as many as in `{first}{ending}`"
            fits = tf.equal(count, 1) | tf.equal(count, batch)
            checks.append(check(fits, name + ending, expected, "", count))
        with tf.control_dependencies(checks):
            places = tf.range(tf.identity(batch), dtype=tf.int32)

        def one(place):
            chosen = {
                name: read(name, place % tf.shape(value)[0])[tf.newaxis]
                for name, value in images.items()
            }
            outputs = self._run(chosen, options)
            return {**outputs, "image": write(outputs["image"])}

        output_specs = {**self.task.output_specs, "image": image}
        made = tf.map_fn(one, places, fn_output_signature=output_specs, parallel_iterations=1)
        if "loss" not in made:
            return made
        expected = "images and options with a finite loss"
        infinite = ~tf.math.is_finite(made["loss"])
        with tf.control_dependencies([refuse(infinite, first + ending, expected, "others")]):
            return {name: tf.identity(value) for name, value in made.items()}

    @tf.function(autograph=False)
    def _run(self, images: Tensors, options: Tensors) -> Tensors:
        """Runs the task on one of each image, [1, height, width, 3]."""
        with self._weights.in_place_of(self._model):
            return dict(self.task.run(self._model, images, options))

    def _check_options(self, values: Tensors) -> list[tf.Operation]:
        """Returns assertions that options are single numbers within their limits."""
        checks = []
        for name, option in self._options.items():
            shape = tf.shape(_of_any_shape(values[name]))
            single = check(tf.equal(tf.size(shape), 0), name, "a scalar", "", shape)
            with tf.control_dependencies([single]):
                value = tf.identity(values[name])
            checks.append(single)
            for limit, fits, expected in (
                (option.minimum, lambda value, limit: value >= limit, "at least"),
                (option.maximum, lambda value, limit: value <= limit, "at most"),
            ):
                if limit is not None:
                    right = fits(value, tf.constant(limit, value.dtype))
                    checks.append(check(right, name, f"a number of {expected} {limit}", "", value))
            if option.side_of is not None:
                side = self._smallest[option.side_of]
                right = tf.equal(value, 0) | (value >= side)
                checks.append(check(right, name, f"0 or at least {side} pixels", "", value))
        return checks

"""Sources of the network's weights in an exported graph: a file or a recipe."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
import tensorflow as tf

from rwkeras.backend import keras
from rwkeras.networks.recipe import Recipe, candidate_kernel
from rwkeras.serving.graph.drawing import can_draw, draw
from rwkeras.validation import invalid_argument


class Weights(Protocol):
    """The weights of a network, in a graph."""

    def in_place_of(self, model: keras.Model) -> AbstractContextManager:
        """Returns a context in which the model computes with these weights instead of its own."""


class OwnWeights:
    """The model's own variables, saved along with the graph."""

    def in_place_of(self, model: keras.Model) -> AbstractContextManager:
        """See `Weights`."""
        return nullcontext()


class StoredWeights(tf.Module):
    """Weights stored in the export.

    Args:
        model: The network whose weights they are.
    """

    def __init__(self, model: keras.Model):
        super().__init__()
        self._values = [tf.Variable(weight, trainable=False) for weight in model.get_weights()]

    def in_place_of(self, model: keras.Model) -> AbstractContextManager:
        """See `Weights`."""
        values = [tf.convert_to_tensor(value) for value in self._values]
        return keras.StatelessScope(list(zip(model.weights, values, strict=True)))


class GeneratedWeights(tf.Module):
    """Weights generated from a recipe when the export is loaded.

    The export holds no weights. It fails to load if a checksum of the generated bits differs.

    Args:
        recipe: The network's recipe.
        model: The network made from the recipe, or its first layers.

    Raises:
        ValueError: The recipe's distribution cannot be drawn in a graph.
    """

    def __init__(self, recipe: Recipe, model: keras.Model):
        super().__init__()
        if not can_draw(recipe.distribution):
            name = type(recipe.distribution).__name__
            raise invalid_argument("weights", f"'stored' with {name.lower()} weights", "generated")
        self._kernels = {}
        for layer in model.layers:
            if layer.name in recipe.layers:
                self._kernels[layer.name] = _kernel(recipe, layer)

    def in_place_of(self, model: keras.Model) -> AbstractContextManager:
        """See `Weights`."""
        mapping = []
        for name, kernel in self._kernels.items():
            layer = model.get_layer(name)
            mapping.append((layer.kernel, kernel.read()))
            # A recipe's biases are zero.
            mapping.append((layer.bias, tf.zeros(layer.bias.shape)))
        return keras.StatelessScope(mapping)


class _GeneratedTensor(tf.saved_model.experimental.TrackableResource):
    """A tensor computed once, when a SavedModel is loaded.

    Args:
        name: Unique name of the resource.
        make: Computes the tensor, in a graph.
        expected: Expected value, float32.
    """

    def __init__(self, name: str, make: Callable[[], tf.Tensor], expected: np.ndarray):
        super().__init__()
        self._name, self._make, self._shape = name, make, expected.shape
        self._checksum = int(expected.view(np.int32).sum(dtype=np.int64))

    def _create_resource(self) -> tf.Tensor:
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=self._shape, shared_name=self._name)

    def _initialize(self) -> None:
        value = self._make()
        found = tf.reduce_sum(tf.cast(tf.bitcast(value, tf.int32), tf.int64))
        message = (
            f"The weights of '{self._name}' are not bit-identical to those at export: export with "
            "stored weights."
        )
        same = tf.equal(found, tf.constant(self._checksum, tf.int64))
        with tf.control_dependencies([tf.debugging.Assert(same, [message])]):
            tf.raw_ops.AssignVariableOp(resource=self.resource_handle, value=value)

    def _destroy_resource(self) -> None:
        tf.raw_ops.DestroyResourceOp(resource=self.resource_handle)

    def read(self) -> tf.Tensor:
        """Returns the tensor."""
        value = tf.raw_ops.ReadVariableOp(resource=self.resource_handle, dtype=tf.float32)
        return tf.ensure_shape(value, self._shape)


def _kernel(recipe: Recipe, layer: keras.layers.Layer) -> _GeneratedTensor:
    """Returns a layer's kernel, generated like in `Recipe.build`."""
    made = recipe.layers[layer.name]
    distribution = candidate_kernel(recipe.distribution, layer.name, made.candidate)
    shape = tuple(layer.kernel.shape)

    def make() -> tf.Tensor:
        # Not a constant: dividing by a constant is optimised to multiplying by its reciprocal.
        scale = tf.raw_ops.PlaceholderWithDefault(input=np.float32(made.scale), shape=[])
        return draw(distribution, shape) / scale

    return _GeneratedTensor(f"{layer.name}-{made.sha256[:16]}", make, layer.kernel.numpy())

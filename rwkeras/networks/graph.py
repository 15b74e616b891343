"""The layer calls of a functional model, in topological order.

`layer.input` and `layer.output` describe only the first call of a shared layer. The call that
produced a tensor is recorded only on the tensor, in an attribute that Keras does not document.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rwkeras.backend import keras


class Call(NamedTuple):
    """A call of a layer.

    Attributes:
        layer: The layer.
        inputs: Its symbolic input tensors; none for an input layer.
        outputs: Its symbolic output tensors.
    """

    layer: keras.layers.Layer
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]


def calls(model: keras.Model) -> Iterator[Call]:
    """Yields the layer calls of a model in topological order.

    Args:
        model: A functional `keras.Model`. A layer that it calls twice is yielded twice.
    """
    seen, waiting = set[int](), [_call(output) for output in reversed(model.outputs)]
    while waiting:
        call = waiting[-1]
        needed = [x for x in call.inputs if id(x) not in seen]
        if needed:
            waiting += [_call(x) for x in reversed(needed)]
            continue
        waiting.pop()
        if id(call.outputs[0]) not in seen:
            seen.update(id(x) for x in call.outputs)
            yield call


def _call(tensor: Any) -> Call:
    """Returns the call that produced a symbolic tensor."""
    layer, index, _ = tensor._keras_history
    node = layer._inbound_nodes[index]
    return Call(layer, tuple(node.input_tensors), tuple(node.output_tensors))

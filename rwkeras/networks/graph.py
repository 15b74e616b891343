"""The layer calls of a functional model, in order.

Keras tells a shared layer's first call alone: `layer.input` and `layer.output` are of that. What
leads to a tensor is known to the tensor only, by an attribute that Keras does not document.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rwkeras.backend import keras


class Call(NamedTuple):
    """A call of a layer.

    Attributes:
        layer: What was called.
        inputs: The symbolic tensors it was called with; an input layer has none.
        outputs: Those it returned.
    """

    layer: keras.layers.Layer
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]


def calls(model: keras.Model) -> Iterator[Call]:
    """Yields what a model consists of, each call after those whose outputs it takes.

    Args:
        model: A functional `keras.Model`. A layer that it calls twice is in two of the calls.
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
    """Returns the call that returned a symbolic tensor."""
    layer, index, _ = tensor._keras_history
    node = layer._inbound_nodes[index]
    return Call(layer, tuple(node.input_tensors), tuple(node.output_tensors))

"""Random numbers without state: the same seed and name give the same numbers.

These are TensorFlow's, which may be drawn in a graph; those of weights are in `rwkeras.portable`.
"""

import hashlib

import tensorflow as tf


def derive_seed(seed: int, *names: str) -> int:
    """Returns the seed of a named stream of a seed.

    Args:
        seed: Any integer.
        *names: What the stream is for, such as a layer's name.

    Returns:
        A non-negative integer below 2^62: the first bits of a SHA-256 digest, so that streams
        are independent and the same in every process.
    """
    text = "/".join([str(int(seed)), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def generator_key(seed: int) -> tf.Tensor:
    """Returns a seed of at most 62 bits as the int32 [2] that TensorFlow's generators take."""
    return tf.constant([seed & 0x7FFFFFFF, seed >> 31 & 0x7FFFFFFF], tf.int32)


def stateless_normal(shape, seed: int) -> tf.Tensor:
    """Returns standard normal numbers, float32, drawn on the CPU whatever computes later."""
    with tf.device("CPU:0"):
        return tf.random.stateless_normal(shape, generator_key(seed), alg="philox")

"""Stateless random numbers: the same seed and name give the same numbers.

They are TensorFlow's and can be drawn in a graph; random weights are from `rwkeras.portable`.
"""

import hashlib

import tensorflow as tf


def derive_seed(seed: int, *names: str) -> int:
    """Returns the seed of a named random stream.

    Args:
        seed: Any integer.
        *names: Purpose of the stream, such as a layer's name. Any text: ("a/b", "c") and
            ("a", "b/c") are different streams.

    Returns:
        A non-negative integer below 2^62: the first bits of a SHA-256 digest, so that streams
        are independent and the same in every process.
    """
    # Names without "/" and "\" are unchanged, which preserves the seeds of earlier networks.
    escaped = (name.replace("\\", "\\\\").replace("/", "\\/") for name in names)
    text = "/".join([str(int(seed)), *escaped])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def generator_key(seed: int | tf.Tensor) -> tf.Tensor:
    """Returns the last 62 bits of a seed as an int32 [2] key for TensorFlow's generators."""
    if isinstance(seed, int):
        seed = tf.constant(seed & (2**62 - 1), tf.int64)
    halves = tf.stack([seed, tf.bitwise.right_shift(seed, tf.constant(31, tf.int64))])
    return tf.cast(tf.bitwise.bitwise_and(halves, tf.constant(0x7FFFFFFF, tf.int64)), tf.int32)


def stateless_normal(shape, seed: int | tf.Tensor) -> tf.Tensor:
    """Returns standard normal numbers, float32, always drawn on the CPU."""
    with tf.device("CPU:0"):
        return tf.random.stateless_normal(shape, generator_key(seed), alg="philox")

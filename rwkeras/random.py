"""Random numbers without state: the same seed and name give the same numbers.

These are TensorFlow's, which may be drawn in a graph; those of weights are in `rwkeras.portable`.
"""

import hashlib

import tensorflow as tf


def derive_seed(seed: int, *names: str) -> int:
    """Returns the seed of a named stream of a seed.

    Args:
        seed: Any integer.
        *names: What the stream is for, such as a layer's name. Any text: ("a/b", "c") and
            ("a", "b/c") are two streams.

    Returns:
        A non-negative integer below 2^62: the first bits of a SHA-256 digest, so that streams
        are independent and the same in every process.
    """
    # A name without "/" and the escape character stands for itself, as in networks made before.
    escaped = (name.replace("\\", "\\\\").replace("/", "\\/") for name in names)
    text = "/".join([str(int(seed)), *escaped])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def generator_key(seed: int | tf.Tensor) -> tf.Tensor:
    """Returns the last 62 bits of a seed as the int32 [2] that TensorFlow's generators take."""
    if isinstance(seed, int):
        seed = tf.constant(seed & (2**62 - 1), tf.int64)
    halves = tf.stack([seed, tf.bitwise.right_shift(seed, tf.constant(31, tf.int64))])
    return tf.cast(tf.bitwise.bitwise_and(halves, tf.constant(0x7FFFFFFF, tf.int64)), tf.int32)


def stateless_normal(shape, seed: int | tf.Tensor) -> tf.Tensor:
    """Returns standard normal numbers, float32, drawn on the CPU whatever computes later."""
    with tf.device("CPU:0"):
        return tf.random.stateless_normal(shape, generator_key(seed), alg="philox")

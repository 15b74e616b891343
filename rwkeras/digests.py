"""SHA-256 digests that identify networks, images and runs."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np


def bytes_digest(content: bytes) -> str:
    """Returns the digest of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest(arrays: Iterable[Any]) -> str:
    """Returns the digest of arrays' dtypes, shapes and bytes, 64 hexadecimal digits.

    Args:
        arrays: NumPy arrays or eager tensors.
    """
    found = hashlib.sha256()
    for each in arrays:
        array = np.ascontiguousarray(each)
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def weights_digest(weights: Iterable[np.ndarray]) -> str:
    """Returns the digest of weights' bits, without shapes, the same on every machine.

    Args:
        weights: float32, in the network's order; hashed as little-endian.

    Returns:
        64 hexadecimal digits.
    """
    found = hashlib.sha256()
    for weight in weights:
        found.update(np.ascontiguousarray(weight, "<f4").tobytes())
    return found.hexdigest()

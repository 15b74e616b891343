"""Orthonormal vectors are bit-identical on every machine."""

import hashlib

import numpy as np
import pytest

from rwkeras.orthonormal import portable_orthonormal, portable_product
from rwkeras.portable import portable_normal

# Of vectors that span several blocks and a partial one. The same on any machine.
DIGEST = "3ba36b1d4dc7b33e16cf35d1a294c25df6743e631ebe69c6b6e2ee1a53ffdfb7"


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 64), (130, 200), (70, 1000)])
def test_they_are_those_of_qr(shape):
    vectors = np.random.default_rng(0).normal(size=shape)
    found = portable_orthonormal(vectors)
    q, r = np.linalg.qr(vectors.T)
    np.testing.assert_allclose(found, (q * np.sign(np.diag(r))).T, atol=1e-11)
    np.testing.assert_allclose(found @ found.T, np.eye(shape[0]), atol=1e-12)


def test_they_have_the_same_bits_anywhere():
    found = portable_orthonormal(portable_normal((130, 577), 5))
    assert found.dtype == np.float64
    assert hashlib.sha256(found.tobytes()).hexdigest() == DIGEST


@pytest.mark.parametrize("size", [1, 2, 100, 5000])
def test_a_product_does_not_depend_on_the_order_of_its_sums(size):
    generator = np.random.default_rng(size)
    left, right = generator.normal(size=(6, size)), 1e-3 * generator.normal(size=(size, 4))
    found = portable_product(left, right)
    order = generator.permutation(size)
    np.testing.assert_array_equal(portable_product(left[:, order], right[order]), found)
    np.testing.assert_allclose(found, left @ right, rtol=0, atol=1e-15 * size)


def test_a_product_has_all_the_digits():
    left, right = np.array([[1.0, 2.0**-52]]), np.array([[1.0], [1.0]])
    assert portable_product(left, right)[0, 0] == 1 + 2.0**-52

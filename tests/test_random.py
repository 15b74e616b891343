import hashlib

import numpy as np

from rwkeras.random import derive_seed, generator_key, stateless_normal


def test_streams_are_the_same_in_every_process():
    assert derive_seed(0, "noise") == int.from_bytes(bytes.fromhex(GOLDEN_DIGEST)[:8], "big") >> 2


GOLDEN_DIGEST = "8e53f176b2d0581f"


def test_streams_differ():
    seeds = {derive_seed(seed, name) for seed in (0, 1, -1) for name in ("a", "b", "a/b")}
    assert len(seeds) == 9


def test_names_are_not_taken_for_others():
    names = [
        ("a/b", "c"),
        ("a", "b/c"),
        ("a", "b", "c"),
        ("a/b/c",),
        ("a\\", "b/c"),
        ("a\\/b", "c"),
    ]
    assert len({derive_seed(0, *each) for each in names}) == len(names)


def test_plain_names_are_joined():
    digest = hashlib.sha256(b"3/conv1_1/kept").digest()
    assert derive_seed(3, "conv1_1", "kept") == int.from_bytes(digest[:8], "big") >> 2


def test_key_takes_any_integer():
    for seed in (0, -1, 2**61, 10**30):
        assert generator_key(seed).shape == (2,)


def test_numbers():
    normal = stateless_normal([10_000], 1).numpy()
    np.testing.assert_allclose([normal.mean(), normal.std()], [0, 1], atol=0.03)

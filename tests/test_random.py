import numpy as np

from rwkeras.random import derive_seed, generator_key, stateless_normal


def test_streams_are_the_same_in_every_process():
    assert derive_seed(0, "noise") == int.from_bytes(bytes.fromhex(GOLDEN_DIGEST)[:8], "big") >> 2


GOLDEN_DIGEST = "8e53f176b2d0581f"


def test_streams_differ():
    seeds = {derive_seed(seed, name) for seed in (0, 1, -1) for name in ("a", "b", "a/b")}
    assert len(seeds) == 9


def test_key_takes_any_integer():
    for seed in (0, -1, 2**61, 10**30):
        assert generator_key(seed).shape == (2,)


def test_numbers():
    normal = stateless_normal([10_000], 1).numpy()
    np.testing.assert_allclose([normal.mean(), normal.std()], [0, 1], atol=0.03)

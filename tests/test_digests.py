import numpy as np

from rwkeras.digests import bytes_digest, digest, weights_digest


def test_digest_of_bytes():
    assert bytes_digest(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_digest():
    a, b = np.arange(6.0), np.arange(6.0).reshape(2, 3)
    assert digest([a]) == digest([a.copy()])
    assert len({digest([a]), digest([b]), digest([a.astype(np.float32)]), digest([a, b])}) == 4


def test_digest_of_weights():
    a = np.linspace(0, 1, 6, dtype=np.float32)
    assert weights_digest([a[:2], a[2:]]) == weights_digest([a.astype(">f4")])
    assert weights_digest([a]) != weights_digest([a[::-1]])
    assert weights_digest([]) == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )

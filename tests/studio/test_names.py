import hashlib

import pytest

from rwkeras.studio.names import digest_of, is_digest, is_job_name, new_job_name

ODD = ["", "..", "../" + "a" * 61, "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 65, None, 3, "é" * 64]


def test_a_digest_is_that_of_the_bytes():
    assert digest_of(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert is_digest(digest_of(b""))


def test_names_of_jobs_differ_and_are_in_the_order_of_time():
    names = [new_job_name() for _ in range(50)]
    assert len({*names}) == 50
    assert [name[:16] for name in names] == sorted(name[:16] for name in names)
    assert all(map(is_job_name, names))


@pytest.mark.parametrize("name", ODD)
def test_what_is_neither(name):
    assert not is_digest(name)
    assert not is_job_name(name)

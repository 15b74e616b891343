import pytest

from rwkeras.digests import bytes_digest
from rwkeras.studio.names import is_digest, is_job_name, new_job_name

MALFORMED = [
    "",
    "..",
    "../" + "a" * 61,
    "a" * 63,
    "A" * 64,
    "a" * 64 + "\n",
    "a" * 65,
    None,
    3,
    "é" * 64,
]


def test_digests_have_their_format():
    assert is_digest(bytes_digest(b""))


def test_job_names_are_unique_and_sort_by_time():
    names = [new_job_name() for _ in range(50)]
    assert len({*names}) == 50
    assert [name[:16] for name in names] == sorted(name[:16] for name in names)
    assert all(map(is_job_name, names))


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_names(name):
    assert not is_digest(name)
    assert not is_job_name(name)

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from rwkeras.sweeps import jobs
from rwkeras.sweeps.files import put_file
from rwkeras.sweeps.jobs import Manifest
from rwkeras.sweeps.manifest import put_manifest, read_manifest
from tests.sweeps.works import JOBS, Number


@dataclass(frozen=True)
class Local:
    thing: Any = 1


def test_a_manifest_is_read_as_it_was_put(tmp_path):
    manifest = Manifest((*JOBS, Number(1, seconds=0.1)))
    reference = put_manifest(str(tmp_path), manifest)
    again = read_manifest(reference, str(tmp_path))
    assert again == manifest
    assert [type(job) for job in again.jobs] == [type(job) for job in manifest.jobs]
    for job in again.jobs:
        hash(job)
    assert len((tmp_path / reference.path).read_text().splitlines()) == len(manifest) + 2


def test_another_manifest_is_another_file(tmp_path):
    first, again, other = (put_manifest(str(tmp_path), Manifest((Number(n),))) for n in (1, 1, 2))
    assert first == again
    assert first.path != other.path


def test_a_manifest_of_other_code_is_refused(tmp_path, monkeypatch):
    reference = put_manifest(str(tmp_path), Manifest((Number(1),)))
    monkeypatch.setattr(jobs, "code_digest", lambda module: "other")
    with pytest.raises(ValueError) as error:
        read_manifest(reference, str(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `manifest`. Expected a manifest, 'rwkeras manifest 1'. "
        f"Received: manifest={reference.path} (Invalid value for argument `keys`. Expected the "
        "code that made it. Received: keys=different code)"
    )


def test_a_class_that_no_other_process_could_import_is_refused(tmp_path, monkeypatch):
    # `__main__` has a file in a script, but not in a pytest worker.
    monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
    monkeypatch.setattr(Local, "__module__", "__main__")
    with pytest.raises(ValueError) as error:
        put_manifest(str(tmp_path), Manifest((Local(),)))
    assert str(error.value) == (
        "Invalid value for argument `jobs`. Expected dataclasses from an importable module. "
        "Received: jobs=Local"
    )


def _job(**changes):
    return {"kind": "tests.sweeps.works:Number", "fields": {"number": 1}, **changes}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "list indices must be integers or slices, not str"),
        ("{}", "missing 'format'"),
        (
            '{"format": "other"}',
            "Invalid value for argument `format`. Expected 'rwkeras manifest 1'. Received: "
            "format=other",
        ),
        (_job(kind="no_such_module:Number"), "No module named 'no_such_module'"),
        (
            _job(kind="tests.sweeps.works:None_"),
            "module 'tests.sweeps.works' has no attribute 'None_'",
        ),
        (
            _job(kind="os:remove"),
            "Invalid value for argument `kind`. Expected a dataclass. Received: kind=os:remove",
        ),
        (_job(fields={}), "Number.__init__() missing 1 required positional argument: 'number'"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, content, reason):
    if isinstance(content, dict):
        content = json.dumps({"format": "rwkeras manifest 1", "jobs": [content]})
    reference = put_file(str(tmp_path), "m.json", content.encode())
    with pytest.raises(ValueError) as error:
        read_manifest(reference, str(tmp_path))
    assert str(error.value) == (
        "Invalid value for argument `manifest`. Expected a manifest, 'rwkeras manifest 1'. "
        f"Received: manifest=m.json ({reason})"
    )

"""Manifests as files, by which they travel to other machines.

They are JSON, which a person can read and any version of Python, and which, unlike a pickle, does
nothing when it is read but make dataclasses.
"""

import dataclasses
import hashlib
import importlib
import json
import os
from typing import Any

from rwkeras.sweeps.files import FileRef, put_file
from rwkeras.sweeps.jobs import Manifest
from rwkeras.validation import invalid_argument

_FORMAT = "rwkeras manifest 1"


def _encoded(value: Any) -> Any:
    """Returns a field as JSON has it; of a dataclass, where it is defined and its fields."""
    if isinstance(value, FileRef):
        return {"file": value.path, "sha256": value.sha256}
    if dataclasses.is_dataclass(value):
        kind = type(value)
        if kind.__module__ == "__main__":
            raise invalid_argument(
                "jobs", "dataclasses of a module that others can import", kind.__name__
            )
        fields = {f.name: _encoded(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": f"{kind.__module__}:{kind.__qualname__}", "fields": fields}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return value


def _decoded(value: Any) -> Any:
    """Returns what `_encoded` was given; sequences as tuples."""
    if isinstance(value, list):
        return tuple(_decoded(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "file" in value:
        return FileRef(value["file"], value["sha256"])
    module, _, name = value["kind"].partition(":")
    kind: Any = getattr(importlib.import_module(module), name)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise invalid_argument("kind", "a dataclass", value["kind"])
    return kind(**{name: _decoded(field) for name, field in value["fields"].items()})


def put_manifest(folder: str, manifest: Manifest) -> FileRef:
    """Writes a manifest below a sweep's folder and returns what refers to it.

    Raises:
        ValueError: A job is of a class that another process could not import.
    """
    # A job a line.
    jobs = ",\n".join(json.dumps(_encoded(job)) for job in manifest.jobs)
    content = f'{{"format": "{_FORMAT}", "jobs": [\n{jobs}\n]}}\n'.encode()
    # Another sweep in the same folder has another file.
    digest = hashlib.sha256(content).hexdigest()[:20]
    return put_file(folder, os.path.join("manifests", f"{digest}.json"), content)


def read_manifest(reference: FileRef, folder: str) -> Manifest:
    """Returns a manifest of a sweep's folder.

    Raises:
        ValueError: It is no manifest, or a job's class is not here.
    """
    try:
        values = json.loads(reference.read(folder))
        if values["format"] != _FORMAT:
            raise invalid_argument("format", f"'{_FORMAT}'", values["format"])
        return Manifest(tuple(_decoded(job) for job in values["jobs"]))
    except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise invalid_argument(
            "manifest", f"a manifest, '{_FORMAT}'", f"{reference.path} ({reason})"
        ) from error

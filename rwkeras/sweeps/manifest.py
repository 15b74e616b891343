"""Manifest files, to send jobs to other machines.

They are JSON, which people and any version of Python can read. Unlike unpickling, reading a file
does nothing but import modules and construct dataclasses.
"""

import dataclasses
import importlib
import json
import os
from typing import Any

from rwkeras.digests import bytes_digest
from rwkeras.sweeps.files import FileRef, put_file
from rwkeras.sweeps.jobs import Manifest, job_key, shallow_fields
from rwkeras.validation import invalid_argument

_FORMAT = "rwkeras manifest 1"


def _encode(value: Any) -> dict[str, Any]:
    """Returns a JSON value for a dataclass: its module and name, and its fields."""
    kind = type(value)
    if kind.__module__ == "__main__":
        raise invalid_argument("jobs", "dataclasses from an importable module", kind.__name__)
    return {"kind": f"{kind.__module__}:{kind.__qualname__}", "fields": shallow_fields(value)}


def _decode(value: dict[str, Any]) -> Any:
    """Returns the dataclass of a value of `_encode`; any other dictionary unchanged."""
    if value.keys() != {"kind", "fields"}:
        return value
    module, _, name = value["kind"].partition(":")
    kind: Any = getattr(importlib.import_module(module), name)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise invalid_argument("kind", "a dataclass", value["kind"])
    return kind(**{name: _as_tuples(field) for name, field in value["fields"].items()})


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def put_manifest(folder: str, manifest: Manifest) -> FileRef:
    """Writes a manifest below a sweep's folder and returns its reference.

    Raises:
        ValueError: The class of a job cannot be imported by other processes.
    """
    # One job per line.
    jobs = ",\n".join(json.dumps(job, default=_encode) for job in manifest.jobs)
    head = f'{{"format": "{_FORMAT}", "keys": "{_keys_digest(manifest)}", "jobs": ['
    # Named by its keys, as several sweeps may share the folder.
    path = os.path.join("manifests", f"{_keys_digest(manifest)[:20]}.json")
    return put_file(folder, path, f"{head}\n{jobs}\n]}}\n".encode())


def read_manifest(reference: FileRef, folder: str) -> Manifest:
    """Returns a manifest from a sweep's folder.

    Raises:
        ValueError: The file is not a manifest, or was made with other code than this process has.
    """
    try:
        values = json.loads(reference.read(folder), object_hook=_decode)
        if values["format"] != _FORMAT:
            raise invalid_argument("format", f"'{_FORMAT}'", values["format"])
        manifest = Manifest(tuple(values["jobs"]))
        if values["keys"] != _keys_digest(manifest):  # Its results have other keys.
            raise invalid_argument("keys", "the code that made it", "different code")
        return manifest
    except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        reason = f"missing {error}" if isinstance(error, KeyError) else str(error)
        raise invalid_argument(
            "manifest", f"a manifest, '{_FORMAT}'", f"{reference.path} ({reason})"
        ) from error


def _keys_digest(manifest: Manifest) -> str:
    """Returns a digest of the keys of all jobs."""
    return bytes_digest("".join(map(job_key, manifest.jobs)).encode())

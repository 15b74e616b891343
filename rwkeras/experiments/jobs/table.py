"""Results of a sweep as a table."""

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rwkeras.experiments.jobs.networks import NetworkSpec
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import Manifest, job_key, shallow_fields
from rwkeras.sweeps.store import Store

_DONE, _FAILED, _WAITING = "done", "failed", "waiting"

Row = Mapping[str, Any]


def _cells(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the name and value of a field, or those of a dataclass's fields by dotted names."""
    if isinstance(value, FileRef):
        yield name, value.path
    elif dataclasses.is_dataclass(value):
        fields = shallow_fields(value)
        if isinstance(value, NetworkSpec):
            yield name, value.title
            del fields["name"], fields["file"]
        for field, held in fields.items():
            yield from _cells(held, f"{name}.{field}" if name else field)
    else:
        yield name, " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _ended(job: Any, store: Store) -> Row:
    if store.done(job):
        return {"state": _DONE, "reason": "", **store.values(job)}
    failure = store.failure(job)
    if failure is None:
        return {"state": _WAITING, "reason": ""}
    return {"state": _FAILED, "reason": failure.reason}


def results_table(manifest: Manifest, store: Store) -> list[Row]:
    """Returns a row for each job of a sweep, in the manifest's order.

    Args:
        manifest: The jobs.
        store: The store of their results.

    Returns:
        Rows with the same columns in the same order: "key", the job's key; its fields that are not
        empty in all jobs; by dotted names, the fields of nested dataclasses in which jobs differ;
        "state": "done", "failed" or "waiting"; "reason", why a job failed; and the values
        of its result.
    """
    cells_by_job = [dict(_cells(job)) for job in manifest.jobs]
    shown_fields = []
    for name in dict.fromkeys(name for cells in cells_by_job for name in cells):
        found = {"" if cells.get(name) is None else str(cells[name]) for cells in cells_by_job}
        if len(found) > 1 or ("." not in name and found != {""}):
            shown_fields.append(name)
    ended = [_ended(job, store) for job in manifest.jobs]
    values = list(dict.fromkeys(name for row in ended for name in row))
    return [
        {
            "key": job_key(job),
            **{name: cells.get(name, "") for name in shown_fields},
            **{name: row.get(name, "") for name in values},
        }
        for job, cells, row in zip(manifest.jobs, cells_by_job, ended, strict=True)
    ]


def csv_bytes(rows: Sequence[Row]) -> bytes:
    """Returns rows with the same columns as the bytes of a CSV file."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()

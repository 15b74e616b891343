"""Identifiers in the studio's store: SHA-256 digests of pictures, and job names."""

import re
import secrets
import time

_DIGEST, _JOB = re.compile("[0-9a-f]{64}"), re.compile("[0-9a-f]{24}")


def is_digest(name: object) -> bool:
    """Returns whether a value has the format of `bytes_digest`."""
    return isinstance(name, str) and _DIGEST.fullmatch(name) is not None


def new_job_name() -> str:
    """Returns a unique job name; names sort by creation time."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def is_job_name(name: object) -> bool:
    """Returns whether a value has the format of `new_job_name`."""
    return isinstance(name, str) and _JOB.fullmatch(name) is not None

"""Names of what the studio keeps: SHA-256 digests of pictures, and numbers of jobs."""

import hashlib
import re
import secrets
import time

_DIGEST, _JOB = re.compile("[0-9a-f]{64}"), re.compile("[0-9a-f]{24}")


def digest_of(content: bytes) -> str:
    """Returns the SHA-256 of a file's bytes, in 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def is_digest(name: object) -> bool:
    """Returns whether a name is what `digest_of` returns."""
    return isinstance(name, str) and _DIGEST.fullmatch(name) is not None


def new_job_name() -> str:
    """Returns a name that no other job has; names are in the order of time."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


def is_job_name(name: object) -> bool:
    """Returns whether a name is what `new_job_name` returns."""
    return isinstance(name, str) and _JOB.fullmatch(name) is not None

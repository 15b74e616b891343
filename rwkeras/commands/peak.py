"""How much memory a tool takes."""

import os
import sys

try:
    import resource
except ImportError:  # Windows has none.
    resource = None  # type: ignore[assignment]

_UNITS_IN_GIB = 2**30 if sys.platform == "darwin" else 2**20


def peak_memory() -> float | None:
    """Returns the most that this process ever held at once, in GiB; None where no one knows."""
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_IN_GIB


def return_freed_memory() -> None:
    """Has TensorFlow give memory back to the system once it is freed, not keep it for later.

    It must be said before TensorFlow first computes anything, and costs a little time.
    """
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

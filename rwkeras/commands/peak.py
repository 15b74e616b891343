"""Peak memory of the process."""

import ctypes
import os
import sys
from pathlib import Path

try:
    import resource
except ImportError:  # Not available on Windows.
    resource = None  # type: ignore[assignment]

# glibc's M_MMAP_THRESHOLD: blocks of at least this size are mapped and unmapped individually. The
# default threshold grows, and the freed tiles then fragment the heap.
_M_MMAP_THRESHOLD = -3
_LARGE = 4 * 2**20
_STATUS = Path("/proc/self/status")
_UNITS_IN_GIB = 2**30 if sys.platform == "darwin" else 2**20


def peak_memory() -> float | None:
    """Returns the peak resident memory of this process in GiB; None if it is unavailable."""
    try:
        # On Linux, `ru_maxrss` is inherited from the parent process; VmHWM is not.
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**20
    except (OSError, StopIteration):
        pass
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_IN_GIB


def return_freed_memory() -> None:
    """Makes TensorFlow and the C library return freed memory to the system instead of caching it.

    Call it before TensorFlow first computes anything. It makes allocations slightly slower.
    """
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # Not in every C library.
        return
    set_option(_M_MMAP_THRESHOLD, _LARGE)

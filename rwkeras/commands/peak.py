"""Peak memory of the process."""

import ctypes
import os
import sys
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has none.
    resource = None  # type: ignore[assignment]

# glibc's: blocks from this size on are taken from the system and given back one by one. By default
# the size grows, and the holes that tiles leave between larger blocks add up.
_M_MMAP_THRESHOLD = -3
_LARGE = 4 * 2**20
_STATUS = Path("/proc/self/status")
_UNITS_IN_GIB = 2**30 if sys.platform == "darwin" else 2**20


def peak_memory() -> float | None:
    """Returns the most that this process ever held at once, in GiB; None where no one knows."""
    try:
        # Linux's `getrusage` begins with what the process held that started this one.
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**20
    except (OSError, StopIteration):
        pass
    if resource is None:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_IN_GIB


def return_freed_memory() -> None:
    """Has TensorFlow and the C library give memory back once it is freed, not keep it for later.

    It must be said before TensorFlow first computes anything, and costs a little time.
    """
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # Not every system's library has it.
        return
    set_option(_M_MMAP_THRESHOLD, _LARGE)

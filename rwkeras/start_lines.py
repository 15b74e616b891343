"""Filter for the log lines that TensorFlow's C++ code writes while it is imported.

It writes to the file descriptor of stderr, before any of its settings of logging counts.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator

# Who sets this has asked for what is said.
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_GPUS = ("/dev/nvidiactl", "/dev/dxg")
# What is only information; "E0000" is what it calls that plugins of a GPU were registered twice.
_INFORMATION = re.compile(
    rb"I\d{4} |WARNING: All log messages before absl::InitializeLog|To enable the following instruc"
    rb"|[EW]\d{4} .*Unable to register cu\w+ factory|[EW]\d{4} .*computation placer already regist"
)
# Where there is no GPU, that there is none is no error either.
_OF_NO_GPU = re.compile(rb"[EW]\d{4} .*(cuda|gpu|cuInit|TensorRT|TF-TRT)", re.IGNORECASE)


def is_noise(line: bytes, has_gpu: bool) -> bool:
    """Returns whether a line of TensorFlow's start is nothing that a person can act on.

    Args:
        line: The line.
        has_gpu: Whether this machine has a GPU that TensorFlow could use.
    """
    return bool(_INFORMATION.match(line) or (not has_gpu and _OF_NO_GPU.match(line)))


def _forward(source: int, target: int) -> None:
    """Copies lines but for noise, until there are no more."""
    has_gpu = any(os.path.exists(device) for device in _GPUS)
    with os.fdopen(source, "rb") as lines:
        for line in lines:
            if not is_noise(line, has_gpu):
                os.write(target, line)


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Leaves out noise from what is written to stderr in the block, which imports TensorFlow.

    A process of its own passes the rest on, so that what is said is seen even if the import ends
    this one. Nothing is changed where TensorFlow is imported already, or its level of logging is
    set in the environment.
    """
    if "tensorflow" in sys.modules or _LOG_LEVEL in os.environ or not hasattr(os, "fork"):
        yield
        return
    stderr = os.dup(2)
    source, sink = os.pipe()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.close(sink)
            os.close(2)
            _forward(source, stderr)
        os._exit(0)
    os.close(source)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        os.waitpid(child, 0)

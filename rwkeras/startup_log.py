"""Filter for log lines that TensorFlow's C++ code writes during its import.

They go to the file descriptor of stderr, before any logging settings of TensorFlow take effect.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator

# If set, the user has chosen the log level, and nothing is filtered.
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_GPUS = ("/dev/nvidiactl", "/dev/dxg")
# Informational lines; duplicate registrations of GPU plugins are logged as errors, "E0000".
_INFORMATION = re.compile(
    rb"I\d{4} |WARNING: All log messages before absl::InitializeLog|To enable the following instruc"
    rb"|[EW]\d{4} .*Unable to register cu\w+ factory|[EW]\d{4} .*computation placer already regist"
)
# Messages about a missing GPU, which are no errors on a machine without one.
_OF_NO_GPU = re.compile(rb"[EW]\d{4} .*(cuda|gpu|cuInit|TensorRT|TF-TRT)", re.IGNORECASE)


def is_noise(line: bytes, has_gpu: bool) -> bool:
    """Returns whether a log line of TensorFlow's start-up is not actionable.

    Args:
        line: The log line.
        has_gpu: Whether this machine has a GPU that TensorFlow could use.
    """
    return bool(_INFORMATION.match(line) or (not has_gpu and _OF_NO_GPU.match(line)))


def _forward(source: int, target: int) -> None:
    """Copies lines other than noise, until end of file."""
    has_gpu = any(os.path.exists(device) for device in _GPUS)
    with os.fdopen(source, "rb") as lines:
        for line in lines:
            if not is_noise(line, has_gpu):
                os.write(target, line)


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Filters noise from stderr within the block, which imports TensorFlow.

    A forked process forwards the other lines, so that they appear even if the import ends this
    process. No effect if TensorFlow is imported already, its log level is set in the environment,
    or the platform cannot fork.
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

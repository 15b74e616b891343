"""Entry points of the command-line tools.

TensorFlow and the tools are imported only when an entry point runs, so that import errors are
reported in one line.
"""

from rwkeras.commands.launch import launch


def run_invert() -> None:
    """Runs `rwkeras-invert`."""
    launch("rwkeras.commands.invert")


def run_texture() -> None:
    """Runs `rwkeras-texture`."""
    launch("rwkeras.commands.texture")


def run_style() -> None:
    """Runs `rwkeras-style`."""
    launch("rwkeras.commands.style")


def run_demo() -> None:
    """Runs `rwkeras-demo`."""
    launch("rwkeras.commands.demo")


def run_stack() -> None:
    """Runs `rwkeras-stack`."""
    launch("rwkeras.commands.stack")


def run_experiment() -> None:
    """Runs `rwkeras-experiment`."""
    launch("rwkeras.commands.experiment")


def run_sweep() -> None:
    """Runs `rwkeras-sweep`."""
    launch("rwkeras.commands.sweep")


def run_export() -> None:
    """Runs `rwkeras-export`."""
    launch("rwkeras.commands.export")


def run_query() -> None:
    """Runs `rwkeras-query`."""
    launch("rwkeras.commands.query")


def run_serve() -> None:
    """Runs `rwkeras-serve`."""
    launch("rwkeras.commands.serve")


def run_train_decoder() -> None:
    """Runs `rwkeras-train-decoder`."""
    launch("rwkeras.commands.train_decoder")


def run_decode() -> None:
    """Runs `rwkeras-decode`."""
    launch("rwkeras.commands.decode")


def run_studio() -> None:
    """Runs `rwkeras-studio`."""
    launch("rwkeras.commands.studio")

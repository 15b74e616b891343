"""Jobs for tests, in a module that worker processes can import."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from rwkeras.experiments.jobs.inversions import Inversion, Morph
from rwkeras.experiments.jobs.networks import NetworkSpec, _build
from rwkeras.experiments.jobs.rotation import Rotation
from rwkeras.experiments.jobs.stacking import Stacking
from rwkeras.experiments.jobs.syntheses import Style, Texture
from rwkeras.optimizers.settings import OptimizerSettings
from rwkeras.sweeps.files import FileRef
from rwkeras.sweeps.jobs import JobResult
from rwkeras.tasks.settings import StyleSettings, TextureSettings

HERE, THERE = FileRef("here/a.png", "0" * 64), FileRef("there/b.png", "0" * 64)
OTHER = FileRef("here/a.png", "1" * 64)
NETWORK = NetworkSpec("toy_vgg", reference=HERE)
JOBS = [
    Inversion(NETWORK, HERE, "conv1_1", 3, OptimizerSettings(max_iterations=2), (1, 2)),
    Morph(NETWORK, HERE, OTHER, 0.5, "conv1_1"),
    Texture(NETWORK, HERE, TextureSettings(("conv1_1", "conv2_1"))),
    Style(NETWORK, HERE, OTHER, StyleSettings()),
    Stacking(HERE),
    Rotation((HERE, OTHER)),
]


@dataclass(frozen=True)
class Number:
    """Returns a number after some seconds, or fails; logs its process to a file."""

    number: int
    seconds: float = 0.0
    trouble: str = ""
    kind: str = ""

    @property
    def affinity(self):
        return self.kind

    def run(self, folder: str) -> JobResult:
        with (Path(folder) / "begun.txt").open("a") as file:
            file.write(f"{self.number} {os.getpid()}\n")
        time.sleep(self.seconds)
        if self.trouble == "raise" and not (Path(folder) / "help").exists():
            raise ValueError(f"number {self.number}\nis no good")
        if self.trouble == "exit":
            os._exit(7)
        if self.trouble == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "value":
            return JobResult({"number": np.float32(self.number)})
        picture = np.full((2, 3, 3), self.number / 255, np.float32)
        return JobResult({"number": self.number}, {"picture": picture}, [], {"note": b"kept"})


def begun(folder) -> dict[int, list[int]]:
    """Returns the ids of the processes that started each number."""
    found: dict[int, list[int]] = {}
    for line in (Path(folder) / "begun.txt").read_text().splitlines():
        number, process = map(int, line.split())
        found.setdefault(number, []).append(process)
    return found


@dataclass(frozen=True)
class Built:
    """Builds a network; returns its process and the number of networks built there so far."""

    network: NetworkSpec
    number: int
    seconds: float = 0.0

    @property
    def affinity(self):
        return self.network

    def run(self, folder: str) -> JobResult:
        self.network.build(folder)
        time.sleep(self.seconds)
        values = {
            "process": os.getpid(),
            "starter": os.getppid(),
            "built": _build.cache_info().misses,
            "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        }
        return JobResult(values)

"""Files, command lines and requests drawn at random: a right picture, or one line of an error.

Run as `python -m tests.fuzz`; FUZZ_SEED and FUZZ_CASES say which and how many cases are drawn. Each
has a seed of its own, which a failure names: FUZZ_FIRST begins with that one.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from rwkeras.startup_log import quiet_start
from tests.fuzz.commands import TOOLS
from tests.fuzz.files import Random

SEED = int(os.environ.get("FUZZ_SEED", "0"))
CASES = int(os.environ.get("FUZZ_CASES", "150"))
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
# What part of all cases is files, requests, and command lines of each tool.
FILES, REQUESTS, LINES = 0.6, 0.1, 0.1
_SHOWN = 20

Check = Callable[[Random, Path], str]


def failures(name: str, kind: int, share: float, check: Check, folder: Path) -> list[str]:
    """Runs the cases of a kind; returns what went wrong in each that did.

    Args:
        name: What they are called.
        kind: A number of their own.
        share: Which part of all cases they are.
        check: Draws a case, and returns what came of it.
        folder: Where they have their folders.
    """
    found: list[str] = []
    seen: Counter[str] = Counter()
    started = time.monotonic()
    count = max(1, round(CASES * share))
    for case in range(FIRST, FIRST + count):
        place = folder / f"{kind}-{case}"
        place.mkdir()
        try:
            seen[check(np.random.default_rng([SEED, case, kind]), place).split(".")[0][:60]] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            found.append(f"{name}, FUZZ_SEED={SEED} FUZZ_FIRST={case}: {reason}")
    seconds = time.monotonic() - started
    print(f"{name}: {count} cases, {len(found)} failures, {seconds:.0f} s, {seen.most_common(8)}")
    return found


def main() -> int:
    """Runs all cases; returns the exit status."""
    with quiet_start():
        from tests.fuzz.running import check_line, check_read
        from tests.fuzz.served import Mirror

    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        found += failures("files", 0, FILES, check_read, folder)
        mirror = Mirror(folder / "mirror")
        found += failures("requests", 1, REQUESTS, mirror.check, folder)
        for number, tool in enumerate(TOOLS):
            check = partial(check_line, tool)
            found += failures(tool, 2 + number, LINES, check, folder)
    print("\n\n".join(found[:_SHOWN]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

import subprocess
import sys

import numpy as np
import pytest

from rwkeras.commands import peak
from rwkeras.commands.peak import peak_memory

PROGRAM = """
import numpy as np
from rwkeras.commands.peak import peak_memory
before = peak_memory()
held = np.ones(2**26)
del held
print(before, peak_memory())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the figures are Linux's")
def test_it_is_of_this_process_alone():
    held = np.ones(2**27)  # 1 GiB, of which what is started now knows nothing.
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    before, after = map(float, process.stdout.split())
    assert before < 0.9
    assert after == pytest.approx(before + 0.5, abs=0.05)
    assert peak_memory() > held.nbytes / 2**30


def test_without_what_linux_says(monkeypatch, tmp_path):
    linux = peak_memory()
    monkeypatch.setattr(peak, "_STATUS", tmp_path / "missing")
    if peak.resource is not None:
        assert peak_memory() >= 0.9 * linux
    monkeypatch.setattr(peak, "resource", None)
    assert peak_memory() is None

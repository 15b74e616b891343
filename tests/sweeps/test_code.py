import importlib
import subprocess
import sys
import time

import pytest

from rwkeras.sweeps import code
from rwkeras.sweeps.code import code_digest

FILES = {
    "works.py": "from .helper import double\nfrom toy import sub\nimport toy.deep.inner\n",
    "helper.py": "def double(x):\n    from toy.late import late\n    return 2 * x\n",
    "late.py": "late = 1\n",
    "sub/__init__.py": "value = 1\n",
    "sub/beside.py": "value = 1\n",
    "deep/inner.py": '"""What it is."""\nx = 1\n',
    "unrelated.py": "x = 1\n",
    "__init__.py": "x = 1\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Returns a function that writes a package's files and returns a module's digest."""
    monkeypatch.syspath_prepend(tmp_path)
    caches = code_digest, code._module_digest, code._locate

    def digest_with(changes, module="toy.works"):
        for name, text in {**FILES, **changes}.items():
            path = tmp_path / "toy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for each in caches:
            each.cache_clear()  # As in a new process.
        importlib.invalidate_caches()
        importlib.import_module(module)
        return code_digest(module)

    yield digest_with
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy"]:
        del sys.modules[name]
    for each in caches:
        each.cache_clear()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("works.py", FILES["works.py"] + "x = 2\n"),
        ("helper.py", FILES["helper.py"].replace("2 * x", "3 * x")),
        ("late.py", "late = 2\n"),
        ("sub/__init__.py", "value = 2\n"),
        ("deep/inner.py", "x = 2\n"),
    ],
)
def test_what_a_module_imports_makes_another_digest(package, name, text):
    before = package({})
    assert package({name: text}) != before
    assert package({}) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("unrelated.py", "x = 2\n"),
        ("sub/beside.py", "value = 2\n"),
        # Only modules of the package are imported, no names that it defines.
        ("__init__.py", "x = 2\n"),
        ("deep/inner.py", '"""What else it is."""\nx = 1  # One.\n'),
    ],
)
def test_what_it_does_not_run_makes_none(package, name, text):
    before = package({})
    assert package({name: text}) == before


def test_names_of_a_stub_are_imported_when_they_are_used(package):
    given = {"works.py": "import toy\n", "__init__.pyi": "from .unrelated import x as x\n"}
    before = package(given)
    assert package({**given, "unrelated.py": "x = 2\n"}) != before
    assert package({**given, "late.py": "late = 2\n"}) == before


def test_code_of_this_package_counts_for_jobs_of_others(package, monkeypatch):
    before, plain = package({"works.py": "import rwkeras.sweeps.jobs\n"}), code._module_digest

    def edited(path, package):
        digest, names = plain(path, package)
        return digest + "edited" * (path.name == "validation.py"), names

    monkeypatch.setattr(code, "_module_digest", edited)
    code_digest.cache_clear()
    assert code_digest("toy.works") != before
    monkeypatch.undo()


def test_a_script_has_a_digest_in_processes_of_another_name(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing\n"
        "from rwkeras.sweeps.code import code_digest\n"
        "def tell(_=None):\n"
        "    print(__name__, code_digest(__name__), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    tell()\n"
        "    process = multiprocessing.get_context('spawn').Process(target=tell)\n"
        "    process.start()\n"
        "    process.join()\n"
    )
    output = subprocess.check_output([sys.executable, script], text=True).split()
    assert output[::2] == ["__main__", "__mp_main__"]
    assert output[1] == output[3]


def test_what_jobs_compute_counts_and_how_it_is_shown_does_not(monkeypatch):
    read_files, plain = set(), code._module_digest

    def recorded(path, package):
        read_files.add("/".join(path.parts[-2:]))
        return plain(path, package)

    importlib.import_module("rwkeras.experiments.jobs.inversions")
    monkeypatch.setattr(code, "_module_digest", recorded)
    code_digest.cache_clear()
    plain.cache_clear()
    started = time.perf_counter()
    code_digest("rwkeras.experiments.jobs.inversions")
    assert time.perf_counter() - started < 5  # A fraction of a second on an idle machine.
    assert {"objectives/losses.py", "optimizers/lbfgs.py", "networks/vgg.py"} <= read_files
    # Code of other jobs does not count: training a decoder is no part of an inversion.
    others = ("experiments/", "commands/", "studio/", "stacking/", "rotation/", "decoders/train")
    assert not {name for name in read_files if name.startswith(others)}

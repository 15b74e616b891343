"""Digests of the code that a module runs, to tell results of different code apart."""

import ast
import functools
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from rwkeras.digests import bytes_digest

_PACKAGE = __name__.partition(".")[0]
_DOCSTRING_NODES = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def code_digest(module: str) -> str:
    """Returns a digest of the code of a module and of all modules it imports, transitively.

    Included are modules of this package and of the module's own top-level package, imports within
    functions, and the `__init__.py` of a package from which a name other than a module is imported.
    Comments and docstrings are excluded. Files are read but not run, so that the digest is the same
    in all processes with the same files and the same version of Python.

    Args:
        module: Name of a module that is already imported.

    Returns:
        64 hexadecimal digits.

    Raises:
        OSError: The module has no file, or a file cannot be read.
    """
    packages = {_PACKAGE, module.partition(".")[0]}
    start = sys.modules[module]
    if getattr(start, "__file__", None) is None:
        raise FileNotFoundError(f"the module {module} has no source file")
    digests: dict[Path, str] = {}
    # Not found by name: a script is `__main__` here, but `__mp_main__` in processes it starts.
    pending = [(Path(str(start.__file__)), start.__package__ or "")]
    while pending:
        path, package = pending.pop()
        if path not in digests:
            digests[path], names = _module_digest(path, package)
            imported = (_locate(name) for name in names if name.partition(".")[0] in packages)
            pending += [each for each in imported if each is not None]
    return bytes_digest("".join(sorted(digests.values())).encode())


@functools.cache
def _module_digest(path: Path, package: str) -> tuple[str, frozenset[str]]:
    """Returns the digest of a single module, and the names that it imports."""
    source = path.read_bytes()
    stub = path.with_suffix(".pyi")  # Names that are imported lazily.
    if stub.is_file():
        source += b"\n" + stub.read_bytes()
    tree = ast.parse(source)
    names = frozenset(_imported_names(tree, package))
    for node in ast.walk(tree):
        if isinstance(node, _DOCSTRING_NODES) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return bytes_digest(ast.dump(tree).encode()), names


def _imported_names(tree: ast.AST, package: str) -> Iterator[str]:
    """Yields the imported modules, and names imported from modules, which may be modules too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module_name = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(module_name, package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


@functools.cache
def _locate(name: str) -> tuple[Path, str] | None:
    """Returns file and package of a module, or of the module of a name; None without a file."""
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top)
    for parts in (rest, rest[:-1]):
        for folder in (spec and spec.submodule_search_locations) or ():
            place, package = Path(folder, *parts), ".".join([top, *parts])
            if (place / "__init__.py").is_file():
                return place / "__init__.py", package
            if parts and place.with_suffix(".py").is_file():
                return place.with_suffix(".py"), package.rpartition(".")[0]
    file = Path(spec.origin) if spec and spec.origin else None
    return (file, "") if file is not None and file.is_file() else None

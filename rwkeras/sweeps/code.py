"""Digests of the code that a module runs, by which results of other code are told apart."""

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = __name__.partition(".")[0]
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def code_digest(module: str) -> str:
    """Returns the digest of a module's code and of that of all modules it imports, transitively.

    Modules of this package count, and those of the module's own; so do imports in functions, and
    the `__init__.py` of a package from which a name is imported that is no module. Comments and
    docstrings do not count. Files are read and nothing is run, so that it is the same in all
    processes that have the same files and the same version of Python.

    Args:
        module: The name of a module that is imported.

    Returns:
        64 hexadecimal digits.

    Raises:
        OSError: The module has no file, or one cannot be read.
    """
    own = {_PACKAGE, module.partition(".")[0]}
    start = sys.modules[module]
    if getattr(start, "__file__", None) is None:
        raise FileNotFoundError(f"the module {module} has no file")
    found: dict[Path, str] = {}
    # From the module and not its name: a script has another one in the processes that it starts.
    left = [(Path(str(start.__file__)), start.__package__ or "")]
    while left:
        path, package = left.pop()
        if path not in found:
            found[path], names = _code(path, package)
            imported = (_located(name) for name in names if name.partition(".")[0] in own)
            left += [each for each in imported if each is not None]
    return hashlib.sha256("".join(sorted(found.values())).encode()).hexdigest()


@functools.cache
def _code(path: Path, package: str) -> tuple[str, frozenset[str]]:
    """Returns the digest of a module alone, and what it imports."""
    source = path.read_bytes()
    stub = path.with_suffix(".pyi")  # Its names are imported when they are first used.
    if stub.is_file():
        source += b"\n" + stub.read_bytes()
    tree = ast.parse(source)
    names = frozenset(_imported(tree, package))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), names


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yields modules that are imported, and names that are imported from some, maybe modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            given = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(given, package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


@functools.cache
def _located(name: str) -> tuple[Path, str] | None:
    """Returns the file and the package of a module, or of the one that a name is in."""
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

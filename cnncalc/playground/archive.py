"""The calculator as the page loads it: the modules that its questions reach, without comments, packed as one."""

from __future__ import annotations

import ast
import io
import lzma
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cnncalc.layers.registry import SELDOM

ANSWERS = "cnncalc.playground.answers"
"""The module that the page calls."""

_BY_NAME = tuple(f"cnncalc.layers.{name}" for name in SELDOM)
"""Modules that no import statement names."""
_NOT_THERE = frozenset(("torch", "numpy"))
"""Packages that the page does not have: a module that needs one cannot be imported there."""
_FOR_THE_PAGE_ITSELF = ("page/assets/", "playground/assets/")
_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that the same code gives the same bytes
_SMALLEST = lzma.PRESET_EXTREME | 9


def archive(version: str) -> bytes:
    """Return the part of this package that the page runs, as a zip inside xz.

    Its files are alike, so they are packed together, which takes half of what they take one by one.

    Args:
        version: of cnncalc; the package as the page has it imports nothing but what the page asks for.

    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        for name, data in _files(version):
            packed.writestr(zipfile.ZipInfo(name, _DATE), data)
    return lzma.compress(made.getvalue(), preset=_SMALLEST)


def _files(version: str) -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).parents[1]
    yield "cnncalc/__init__.py", f"__version__ = {version!r}\n".encode()
    modules = reached(package)
    for _, path in sorted(modules.items()):
        name = path.relative_to(package.parent).as_posix()
        if name != "cnncalc/__init__.py":
            yield name, _lean(path.read_text(encoding="utf-8")).encode()
    folders = {path.parent for path in modules.values()}
    for path in sorted(package.rglob("*.*")):
        inner = path.relative_to(package).as_posix()
        folder = next(parent for parent in path.parents if (parent / "__init__.py").exists())
        data = path.suffix not in (".py", ".pyc", ".typed") and not inner.startswith(_FOR_THE_PAGE_ITSELF)
        if data and folder in folders and folder != package:
            yield f"cnncalc/{inner}", path.read_bytes()


def reached(package: Path) -> Mapping[str, Path]:
    """Return the modules that the page's questions can come to import, by name, wherever their statements stand.

    Args:
        package: the folder of this package.

    """
    known = {_module(path, package): path for path in package.rglob("*.py")}
    found: dict[str, Path] = {}
    ahead = [ANSWERS, *_BY_NAME]
    while ahead:
        name = ahead.pop()
        if name in found or name not in known:
            continue
        tree = ast.parse(known[name].read_text(encoding="utf-8"))
        if not _NOT_THERE.isdisjoint(_imported(tree.body)):
            continue
        found[name] = known[name]
        ahead.append(name.rpartition(".")[0])
        if name != package.name:  # the page has its own
            ahead += _imported(_statements(tree))
    return found


def _module(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, but for what is read by a type checker only."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            yield from _statements(node)


def _lean(text: str) -> str:
    """Return Python without its comments, docstrings and annotations of functions.

    They are a third of what a browser would have to load.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)

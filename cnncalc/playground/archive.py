"""The calculator as the page loads it: the modules that its questions reach, without comments, packed as one."""

from __future__ import annotations

import ast
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cnncalc.layers.registry import SELDOM
from cnncalc.playground.lean import is_for_types, lean

ANSWERS = "cnncalc.playground.answers"
"""The module that the page calls."""

_BY_NAME = tuple(f"cnncalc.layers.{name}" for name in SELDOM)
"""Modules that no import statement names."""
_NOT_THERE = frozenset(("torch", "numpy"))
"""Packages that the page does not have: a module that needs one cannot be imported there."""
_FOR_THE_PAGE_ITSELF = ("page/assets/", "playground/assets/")
_SMALLEST = ({"id": lzma.FILTER_LZMA2, "preset": lzma.PRESET_EXTREME | 9, "lc": 4, "lp": 0, "pb": 0},)
"""How text is packed best: a byte depends on the one in front of it, and not on its place among four."""


def archive(version: str) -> bytes:
    """Return the part of this package that the page runs, inside xz; worker.js unpacks it.

    A line of JSON has the sizes of the files by their names, and behind it they stand one after the other. They are
    alike, so they are packed together, which takes half of what they take one by one.

    Args:
        version: of cnncalc; the package as the page has it imports nothing but what the page asks for.

    """
    files = dict(_files(version))
    sizes = json.dumps({name: len(data) for name, data in files.items()}, separators=(",", ":"))
    return lzma.compress(b"\n".join([sizes.encode(), b"".join(files.values())]), filters=_SMALLEST)


def _files(version: str) -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).parents[1]
    yield "cnncalc/__init__.py", f"__version__ = {version!r}\n".encode()
    modules = reached(package)
    for _, path in sorted(modules.items()):
        name = path.relative_to(package.parent).as_posix()
        if name != "cnncalc/__init__.py":
            yield name, lean(path.read_text(encoding="utf-8")).encode()
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
        if not is_for_types(node):
            yield node
            yield from _statements(node)

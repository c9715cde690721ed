"""What the code of the package says about itself: which file imports which, and the map in docs/architecture.md.

``python -m tests.house`` writes the map again after a room was added or renamed.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- the map: python -m tests.house -->\n", "<!-- end of the map -->\n"

FLOORS = (
    ("core",),
    ("spec", "layers", "optimizers", "zoo"),
    ("network", "formatting", "charts"),
    ("foreign",),
    ("loading", "folding"),
    ("analysis", "templates", "checking", "values"),
    ("analysis.memory",),
    ("analysis.roofline",),
    ("analysis.parallel",),
    ("design",),
    ("report", "model", "draw"),
    ("quiz.parts",),
    ("quiz.exercises",),
    ("model.blocks", "model.weights", "model.timing", "draw.folding"),
    ("counters",),
    ("model.python", "model.from_torch", "to_foreign", "draw.graph", "draw.volumes", "draw.layer"),
    ("draw.styles", "microcontrollers"),
    ("train", "train.recipe", "train.checkpoints"),
    ("train.recipe.presets", "train.data"),
    ("train.tasks",),
    ("train.engine", "train.show", "train.trackers"),
    ("train.run",),
    ("page",),
    ("quiz",),
    ("playground",),
    ("inspect", "tune"),
    ("page.run",),
    ("page.live",),
    ("shown_picture",),
    ("shown_network",),
    ("shown_run",),
    ("library", "times"),
    ("runs",),
    ("__init__",),
    ("commands",),
    ("__main__",),
)
"""From the ground up: a file imports files of its own room and of rooms on lower floors."""


def modules(package: Path) -> dict[str, Path]:
    """Return every file of a package by the dotted name under which it is imported."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> set[str]:
    """Return the modules among the known ones that a file imports, wherever in the file the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else str(node.module) for name in names}
    return {name for name in found if name in known and known[name] != path}


def graph(package: Path) -> dict[str, set[str]]:
    """Return for every module of a package the modules that it imports."""
    known = modules(package)
    return {name: imports(path, known) for name, path in known.items()}


def room_of(path: Path, package: Path) -> str:
    """Return the room of a file: its folder, or its own name where it lies in the package itself."""
    inner = path.relative_to(package).with_suffix("").parts
    return ".".join(inner[:-1]) or inner[0]


def cycles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other in a circle (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in order:
                visit(other)
            if other in stack:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == order[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for name in edges:
        if name not in order:
            visit(name)
    return found


def uses(package: Path) -> dict[str, set[str]]:
    """Return for every room the other rooms that its files import."""
    known = modules(package)
    found = defaultdict(set)
    for path in known.values():
        room = room_of(path, package)
        found[room] |= {room_of(known[name], package) for name in imports(path, known)} - {room}
    return dict(found)


def summary(room: str, package: Path) -> str:
    """Return the first line of what a room says about itself."""
    inner = package.joinpath(*room.split("."))
    path = inner / "__init__.py" if inner.is_dir() else inner.with_suffix(".py")
    return (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]


def map_lines(package: Path) -> Iterator[str]:
    """Yield the map: a line for every room, the highest floor first, with the rooms that it imports."""
    used = uses(package)
    yield "| room | what it is | imports |\n"
    yield "| --- | --- | --- |\n"
    for floor in reversed(FLOORS):
        for room in floor:
            below = ", ".join(f"`{name}`" for name in sorted(used[room]))
            yield f"| `{room}` | {summary(room, package)} | {below} |\n"


def with_map(page: str, package: Path) -> str:
    """Return a page with the map of a package between its two marks."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + "".join(map_lines(package)) + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(with_map(PAGE.read_text(), ROOT / "cnncalc"))

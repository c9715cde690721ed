"""The house: who may import whom, and what the calculator may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cnncalc"

MAY_IMPORT = {
    "core": set(),
    "layers": {"core"},
    "optimizers": set(),
    "spec": {"core"},
    "network": {"core", "layers", "spec"},
    "analysis": {"core", "layers", "network", "optimizers"},
    "report": {"core", "layers", "network", "analysis", "zoo"},
    "zoo": {"core"},
    "model": {"core", "analysis", "layers", "loading", "network", "report", "spec", "zoo"},
    "train": {"core", "network", "layers", "analysis", "loading", "model", "report", "optimizers"},
    "loading": {"core", "spec", "network", "zoo"},
    "commands": {"core", "__init__", "analysis", "loading", "model", "network", "optimizers", "report", "train", "zoo"},
    "__init__": {"core", "analysis", "loading", "model", "network"},
    "__main__": {"commands"},
}
"""For every room, the rooms that it may import: data flows from the text to the report."""

BACKWARD = {("network", "report")}
"""`Network.to_json` is the one step back, taken inside the method: one line to JSON for library users."""


def room(path: Path) -> str:
    """Return the room of a file: its folder in the package, or its own name."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Return the rooms that a file imports, wherever in the file the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [
                f"{node.module}.{alias.name}" if node.module == "cnncalc" else str(node.module) for alias in node.names
            ]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "cnncalc":
                known = len(parts) > 1 and ((PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists())
                found.add(parts[1] if known else "__init__")
    return found - {room(path)}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_data_flows_one_way(path: Path) -> None:
    """No file imports a room that lies behind its own."""
    allowed = MAY_IMPORT[room(path)] | {target for source, target in BACKWARD if source == room(path)}
    assert imports(path) <= allowed


def test_the_check_of_the_flow_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the room of the layers that imports the report is found, also inside a function."""
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "layers").mkdir()
    (tmp_path / "report").mkdir()
    bad = tmp_path / "layers" / "bad.py"
    bad.write_text("def f():\n    from cnncalc.report import table\n")
    assert not imports(bad) <= MAY_IMPORT["layers"]


HEAVY = ("torch", "numpy", "torchvision", "torchinfo")


def loaded_by(code: str) -> set[str]:
    """Return the heavy packages that a program has loaded at its end."""
    check = f"\nimport sys; print('loaded:', *[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory"])
@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "latex"])
def test_the_calculator_loads_neither_torch_nor_numpy(command: str, form: str) -> None:
    """Whatever it is asked, the calculator answers without the heavy packages."""
    arguments = [command, "conv 3x3x4 p1 - relu - fc 10", "--input", "8x8x3", "--format", form]
    assert loaded_by(f"from cnncalc.commands.cli import run; assert run({arguments}) == 0") == set()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["compare", "relu", "bn", "--input", "8x8x3"], ["zoo"], ["zoo", "lenet5"]])
def test_comparing_the_zoo_and_the_library_load_neither(arguments: list[str]) -> None:
    assert loaded_by(f"from cnncalc.commands.cli import run; assert run({arguments}) == 0") == set()
    assert loaded_by("import cnncalc; cnncalc.load('relu', input='8x8x3').to_json()") == set()
    assert loaded_by("import cnncalc; cnncalc.predict_memory(cnncalc.load('relu', input='8x8x3'))") == set()


def test_the_check_of_what_is_loaded_can_fail() -> None:
    """It sees a package that is loaded."""
    assert loaded_by("import numpy") == {"numpy"}


def test_the_calculator_needs_click_and_rich_alone() -> None:
    """The packages that a table loads beside Python's own are those two and what rich itself needs."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "from cnncalc.commands.cli import run; run(['shapes', 'relu', '--input', '4x4x1'])\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()[-1].split()) <= {"cnncalc", "click", "rich", "pygments", "markdown_it", "mdurl"}

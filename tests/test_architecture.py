"""The house: who may import whom, names, lengths, and what the calculator may load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from cnncalc.draw.styles import STYLES
from tests.house import FLOORS, PAGE, ROOT, cycles, graph, imports, modules, room_of, uses, with_map

PACKAGE = ROOT / "cnncalc"
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def climbs(package: Path) -> list[str]:
    """Return every import that does not go down."""
    known = modules(package)
    return [
        f"{path.relative_to(package)} imports {name}"
        for path in known.values()
        for name in sorted(imports(path, known))
        for here, there in [(room_of(path, package), room_of(known[name], package))]
        if here != there and FLOOR_OF[there] >= FLOOR_OF[here]
    ]


def test_data_flows_one_way() -> None:
    """No file imports a room that lies on its own floor or above."""
    assert climbs(PACKAGE) == []


def test_every_room_has_a_floor_and_every_floor_its_rooms() -> None:
    assert set(uses(PACKAGE)) == set(FLOOR_OF)


def test_no_files_import_each_other_in_a_circle() -> None:
    assert cycles(graph(PACKAGE)) == []


def test_the_map_is_that_of_the_code() -> None:
    """Run `python -m tests.house` after a room was added."""
    assert PAGE.read_text() == with_map(PAGE.read_text(), PACKAGE)


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """A layer that imports the report, also inside a function, is found; so is a circle."""
    package = tmp_path / "cnncalc"
    for room in ("layers", "report"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    (package / "layers" / "bad.py").write_text("def f():\n    from cnncalc.report import table\n")
    (package / "report" / "table.py").write_text("import cnncalc.layers.bad\n")
    assert climbs(package) == ["layers/bad.py imports cnncalc.report.table"]
    assert cycles(graph(package)) == [["cnncalc.layers.bad", "cnncalc.report.table"]]


# ---- names and lengths

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 350, 40
SOURCES = [path for folder in ("cnncalc", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]

LONGER_FILES = {
    "tests/model/students.py": "a list: one network after the other",
    "tests/oracle/torch_modules.py": "a list: the module of torch.nn for every layer, one after the other",
}
"""Files that are longer, and why."""


def test_no_file_is_long() -> None:
    """What is longer has its reason here; a reason that is not needed any more goes."""
    long = {str(path.relative_to(ROOT)) for path in SOURCES if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set(LONGER_FILES)


def test_no_function_is_long() -> None:
    """The lines of its docstring do not count: they say what it does, at the length that takes."""
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                text = ast.get_docstring(node, clean=False) or ""
                if node.end_lineno and node.end_lineno - node.lineno - text.count("\n") >= MOST_LINES_OF_A_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert long == []


def test_no_two_classes_share_a_name() -> None:
    """Those that a file keeps to itself are meant by nobody else."""
    found = defaultdict(list)
    for path in modules(PACKAGE).values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


# ---- what is loaded

HEAVY = ("torch", "numpy", "torchvision", "torchinfo")


def loaded_by(code: str) -> set[str]:
    """Return the heavy packages that a program has loaded at its end."""
    check = f"\nimport sys; print('loaded:', *[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "compute"])
def test_the_calculator_loads_neither_torch_nor_numpy(command: str) -> None:
    """Whatever it is asked, the calculator answers without the heavy packages."""
    arguments = [command, "conv 3x3x4 p1 - relu - fc 10", "--input", "8x8x3", "--format"]
    calls = [f"assert run({[*arguments, form]}) == 0" for form in ("table", "json", "csv", "markdown", "latex")]
    assert loaded_by("from cnncalc.commands.cli import run; " + "; ".join(calls)) == set()


def test_shapes_loads_what_it_needs() -> None:
    """A pipe gets its table without rich, without what mends errors, and without the rooms of other commands."""
    code = (
        "import sys; from cnncalc.commands.cli import run; run(['shapes', 'lenet5']); "
        "print(*[name for name in sys.modules if name.split('.')[0] in ('cnncalc', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    known = modules(PACKAGE)
    assert {room_of(known[name], PACKAGE) for name in loaded} == NEEDED_BY_SHAPES
    assert "cnncalc.network.trials" not in loaded


NEEDED_BY_SHAPES = {"__init__", "analysis", "commands", "core", "layers", "loading", "network", "report", "spec", "zoo"}


@pytest.mark.parametrize("style", STYLES)
def test_drawing_loads_neither(style: str, tmp_path: Path) -> None:
    """A picture in SVG, TeX or PDF is made by the calculator alone."""
    for name in ("net.svg", "net.tex", "net.pdf"):
        arguments = ["draw", "conv 3x3x4 p1 - relu - fc 10", "--input", "8x8x3", "--style", style]
        written = [*arguments, "-o", str(tmp_path / name)]
        assert loaded_by(f"from cnncalc.commands.cli import run; assert run({written}) == 0") == set()


def test_the_page_loads_neither(tmp_path: Path) -> None:
    written = ["report", "lenet5", "-o", str(tmp_path / "net.html")]
    assert loaded_by(f"from cnncalc.commands.cli import run; assert run({written}) == 0") == set()


@pytest.mark.parametrize("ending", ["md", "tex", "html"])
def test_a_sheet_of_exercises_loads_neither(ending: str, tmp_path: Path) -> None:
    written = ["quiz", "--count", "21", "-o", str(tmp_path / f"sheet.{ending}"), "--answers"]
    assert loaded_by(f"from cnncalc.commands.cli import run; assert run({written}) == 0") == set()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["compare", "relu", "bn", "--input", "8x8x3"], ["zoo"], ["zoo", "lenet5"]])
def test_comparing_the_zoo_and_the_library_load_neither(arguments: list[str]) -> None:
    assert loaded_by(f"from cnncalc.commands.cli import run; assert run({arguments}) == 0") == set()
    assert loaded_by("import cnncalc; cnncalc.load('relu', input='8x8x3').to_json()") == set()
    assert loaded_by("import cnncalc; cnncalc.predict_memory(cnncalc.load('relu', input='8x8x3'))") == set()


def test_the_check_of_what_is_loaded_can_fail() -> None:
    """It sees a package that is loaded."""
    assert loaded_by("import numpy") == {"numpy"}


@pytest.mark.parametrize("command", ["shapes", "draw"])
def test_the_calculator_needs_click_and_rich_alone(command: str, tmp_path: Path) -> None:
    """The packages that a table or a picture loads beside Python's own are those two and what rich itself needs."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"from cnncalc.commands.cli import run; run(['{command}', 'relu', '--input', '4x4x1'])\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names - set(sys.stdlib_module_names)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert set(done.stdout.splitlines()[-1].split()) <= {"cnncalc", "click", "rich", "pygments", "markdown_it", "mdurl"}

"""Break the code on purpose, at random places, and see whether the tests notice.

    python benchmarks/mutants.py --sample 40 --seed 1

The changes are those of cosmic-ray's operators (``pip install cosmic-ray coverage``): another comparison, a number one
larger, a loop that does not run. From each room, ``--sample`` places are drawn, and at each place one change. A mutant
is run against the tests that execute its line, the quickest first, until one fails. One that survives is printed as a
diff. Annotations are left out, since Python does not compute them.

The project is copied first, so the working tree is left alone. Each run of tests is a fork of this process, which has
loaded PyTorch already and nothing of cnncalc.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

ROOMS = {
    "network": (
        "cnncalc/network",
        "tests/network/test_claims.py tests/network/test_statements.py tests/network/test_places.py "
        "tests/network/test_trials.py tests/spec tests/test_corpus.py",
    ),
    "verify": (
        "cnncalc/model/verify",
        "tests/model/test_verify.py tests/model/test_verify_tampered.py tests/model/test_refused.py "
        "tests/commands/test_verify.py",
    ),
    "analysis": (
        "cnncalc/analysis",
        "tests/analysis tests/optimizers tests/commands/test_memory.py tests/commands/test_explain.py "
        "tests/commands/test_shapes.py",
    ),
    "train": (
        "cnncalc/train",
        "tests/train/data tests/train/engine tests/train/checkpoints tests/train/recipe tests/train/show "
        "tests/train/run/test_run.py",
    ),
}
"""For every room, where its code lies and which tests are its own; those that take long under coverage are left out."""

MOST_SECONDS, MOST_TESTS = 60.0, 60
"""How many seconds of tests a mutant has to survive, and how many tests."""
CPU_LIMIT, MEMORY_LIMIT = 180, 16 * 2**30
"""A mutant that takes more is taken for noticed: nobody overlooks a program that never ends."""


class Mutant(NamedTuple):
    """A change of one file."""

    file: str
    line: int
    operator: str
    text: str


class Seen(NamedTuple):
    """What the tests of a room do when nothing is broken: seconds of each test, and the tests that run each line."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]


def places(path: Path) -> Iterator[tuple[tuple[int, int], list[tuple[str, Callable[[], str]]]]]:
    """Yield every place of a file that can be changed, with the changes that there are."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    text = path.read_text()
    nodes = list(ast_nodes(get_ast(text)))
    left_out = annotations(text)
    found = defaultdict(list)
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():
            continue
        positions = [start for node in nodes for start, _ in kind().mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            if not any(first <= start < last for first, last in left_out):
                make = lambda kind=kind, occurrence=occurrence: mutate_code(text, kind(), occurrence)  # noqa: E731
                found[start].append((name.rpartition("/")[2], make))
    yield from sorted(found.items())


def annotations(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations, and blocks for type checkers alone, begin and end."""
    found: list[ast.expr | ast.stmt] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.returns:
            found.append(node.returns)
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
            found.append(node.annotation)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node)
    return [((n.lineno, n.col_offset), (n.end_lineno or n.lineno, n.end_col_offset or 0)) for n in found]


def sample(project: Path, room: str, size: int, rng: random.Random) -> Iterator[Mutant]:
    """Draw places of a room, each as likely as any other, and one change at each."""
    start = project / ROOMS[room][0]
    files = sorted(start.rglob("*.py")) if start.is_dir() else sorted(start.parent.glob(f"{start.name}*.py"))
    everywhere = [(path, place, changes) for path in files for place, changes in places(path)]
    print(f"{room}: {len(everywhere):,} places in {len(files)} files", flush=True)
    for path, place, changes in rng.sample(everywhere, min(size, len(everywhere))):
        name, make = rng.choice(changes)
        yield Mutant(str(path.relative_to(project)), place[0], name, make())


def in_a_fork(project: Path, work: Callable[[], int], seconds: int = CPU_LIMIT) -> int:
    """Do something in a fork, in the project's folder, without a word; return its status, or that it was ended."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.chdir(project)
            sys.path.insert(0, str(project))
            os.environ["PYTHONPATH"] = str(project)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
            signal.alarm(4 * seconds)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def look(project: Path, room: str) -> Seen:
    """Run the tests of a room under coverage, each on its own account."""
    import coverage

    data = Path(tempfile.mkdtemp()) / "coverage"
    noted = data.with_suffix(".seconds")

    class Recorder:
        """Tells coverage which test is running, and how long it took."""

        def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
            measured.switch_context(nodeid)
            self.began = sum(os.times()[:4])

        def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
            with noted.open("a") as file:
                file.write(f"{sum(os.times()[:4]) - self.began} {nodeid}\n")

    measured = coverage.Coverage(data_file=str(data), config_file=False, include=[f"{project}/cnncalc/*"])

    def work() -> int:
        import pytest

        measured.start()
        status = pytest.main([*options(), "-m", "not slow", *tests_of(project, room)], plugins=[Recorder()])
        measured.stop()
        measured.save()
        return int(status)

    print(f"{room}: the tests end with status {in_a_fork(project, work, 3600)}", flush=True)
    return read_coverage(project, data, noted)


def read_coverage(project: Path, data: Path, noted: Path) -> Seen:
    """Read what `look` has measured."""
    import coverage

    seconds = {}
    for line in noted.read_text().splitlines():
        taken, _, test = line.partition(" ")
        seconds[test] = float(taken)
    measured = coverage.CoverageData(str(data))
    measured.read()
    tests = {
        str(Path(file).relative_to(project)): dict(measured.contexts_by_lineno(file))
        for file in measured.measured_files()
    }
    return Seen(seconds, tests)


def options() -> list[str]:
    return ["-p", "no:cacheprovider", "-p", "no:xdist", "-q"]


def tests_of(project: Path, room: str) -> list[str]:
    return [path for path in ROOMS[room][1].split() if (project / path).exists()]


def choose(seen: Seen, mutant: Mutant) -> list[str]:
    """Return the tests that run a mutant's line, quick ones and different ones first."""
    lines = seen.tests.get(mutant.file, {})
    chosen = {test for test in lines.get(mutant.line, ()) if test in seen.seconds}
    if not chosen:  # what runs when the module is loaded, and the later lines of a long statement
        chosen = {test for tests in lines.values() for test in tests if test in seen.seconds}
    functions = groupby(sorted(chosen), lambda test: test.partition("[")[0])
    ranked = [(rank, seen.seconds[test], test) for _, same in functions for rank, test in enumerate(same)]
    kept, total = [], 0.0
    for _, seconds, test in sorted(ranked):
        if len(kept) < MOST_TESTS and total + seconds < MOST_SECONDS:
            kept.append(test)
            total += seconds
    return kept


def survives(project: Path, mutant: Mutant, tests: list[str]) -> bool:
    """Say whether all tests pass although the code is broken."""
    path = project / mutant.file
    whole = path.read_text()
    path.write_text(mutant.text)

    def work() -> int:
        import pytest

        sys.dont_write_bytecode = True
        return int(pytest.main([*options(), "-x", *tests]))

    try:
        return not tests or in_a_fork(project, work) == 0
    finally:
        path.write_text(whole)


def difference(project: Path, mutant: Mutant) -> str:
    before = (project / mutant.file).read_text().splitlines()
    lines = difflib.unified_diff(before, mutant.text.splitlines(), mutant.file, mutant.operator, n=0, lineterm="")
    return "\n".join(lines)


def run_room(project: Path, room: str, size: int, seed: int) -> tuple[int, int]:
    """Return how many mutants of a room were noticed, and how many there were."""
    drawn = list(sample(project, room, size, random.Random(f"{seed} {room}")))
    seen = look(project, room)
    noticed = 0
    for number, mutant in enumerate(drawn, 1):
        start, tests = time.monotonic(), choose(seen, mutant)
        survived = survives(project, mutant, tests)
        noticed += not survived
        fate = "SURVIVED" if survived else "noticed"
        print(f"{room} {number}: {fate} {mutant.file}:{mutant.line}", end=" ")
        print(f"{len(tests)} tests, {time.monotonic() - start:.0f} s", flush=True)
        if survived:
            print(difference(project, mutant), flush=True)
    return noticed, len(drawn)


def main() -> None:
    """Break, test and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--room", choices=ROOMS, action="append", help="may be repeated [all]")
    parser.add_argument("--sample", type=int, default=40, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != asked.project.resolve()]
    for name in ("torch", "torchvision", "numpy", "pytest", "PIL.Image", "sklearn.datasets", "onnx"):
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
        shutil.copytree(asked.project, project, ignore=ignored)
        scores = {room: run_room(project, room, asked.sample, asked.seed) for room in asked.room or ROOMS}
    for room, (noticed, all_) in scores.items():
        print(f"{room:10}{noticed:4} of {all_} noticed, {noticed / max(all_, 1):.0%}")


if __name__ == "__main__":
    main()

"""The benchmarks can be run: each says what it measures, and the loops that are compared train. No time is tested."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))
OTHER_PACKAGES = {"mcu.py"}
"""Begin with packages of others that the tests do without."""
LOADED = """
import runpy, sys; sys.path.insert(0, "benchmarks")
from pathlib import Path

for script in sys.argv[1:]:
    if f"python benchmarks/{Path(script).name}" in runpy.run_path(script, run_name="loaded")["__doc__"]:
        print(Path(script).name)
"""
LOOPS = """
import sys; sys.path.insert(0, "benchmarks")
import training

training.IMAGES = 256
sys.argv = ["training.py", "--rounds", "1", "--spec", "small", "--epochs", "1", "--batch-size", "64"]
training.main()
"""


@pytest.mark.slow
def test_every_benchmark_finds_what_it_stands_on() -> None:
    """Each is loaded without being run, which finds what was renamed under it; its first lines say how it is run."""
    tried = [script for script in SCRIPTS if script.name not in OTHER_PACKAGES]
    assert run("-c", LOADED, *map(str, tried)).splitlines() == [script.name for script in tried]


@pytest.mark.slow
def test_the_loops_that_are_compared_train() -> None:
    """`benchmarks/training.py` on few images prints a speed for each of its loops."""
    shown = run("-c", LOOPS)
    for loop in ("ours  ", "by hand  ", "by hand, channels last, 1 threads", "DataLoader  "):
        assert loop in shown


def run(*command: str) -> str:
    """Run Python in the project's folder; return what it prints."""
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

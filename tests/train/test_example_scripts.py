"""The scripts of the examples, run as they are: two processes train one network over gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHORT = ["--data", "digits", "--limit", "200", "--epochs", "2", "--batch", "32", "--speed", "plain", "--device", "cpu"]

SRUN = """#!{python}
# Starts its command once for each task, as srun does, with the variables that srun gives each of them.
import os, subprocess, sys
tasks = 2
common = dict(SLURM_NTASKS=str(tasks), SLURM_JOB_NODELIST="here", SLURM_JOB_ID={job!r})
running = [
    subprocess.Popen(sys.argv[1:], env={{**os.environ, **common, "SLURM_PROCID": str(n), "SLURM_LOCALID": str(n)}})
    for n in range(tasks)
]
sys.exit(max(task.wait() for task in running))
"""
CNNCALC = "#!{python}\nfrom cnncalc.__main__ import main\nmain()\n"
TORCHRUN = "#!{python}\nfrom torch.distributed.run import main\nmain()\n"


def script(name: str, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an example with stand-ins for the programs that it calls."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for program, text in (("srun", SRUN), ("cnncalc", CNNCALC), ("torchrun", TORCHRUN)):
        path = programs / program
        path.write_text(text.format(python=sys.executable, job=str(os.getpid())))
        path.chmod(0o755)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "TORCHELASTIC_"))}
    return subprocess.run(
        ["bash", str(ROOT / "examples" / name), *SHORT, *arguments],
        cwd=ROOT,
        env={
            **own,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def trained_together(done: subprocess.CompletedProcess[str], run: Path) -> None:
    """See that two processes trained, that one of them spoke, and that all images of the last epoch were seen."""
    assert done.returncode == 0, done.stderr
    (device,) = [line for line in done.stdout.splitlines() if line.startswith("device ")]
    assert device.endswith("2 processes, float32")
    assert len((run / "metrics.csv").read_text().splitlines()) == 3


def test_torchrun_trains_one_run_with_several_processes(tmp_path: Path) -> None:
    trained_together(script("torchrun.sh", tmp_path, "--out", str(tmp_path / "run")), tmp_path / "run")


def test_slurm_and_a_requeued_job(tmp_path: Path) -> None:
    """srun's tasks find each other by themselves; started again by SLURM, the same script continues its run."""
    run = tmp_path / "run"
    trained_together(script("slurm.sh", tmp_path, "--out", str(run)), run)
    again = script("slurm.sh", tmp_path, "--out", str(run))
    assert again.returncode == 1
    assert again.stderr.count("error[run-exists]") == 1
    requeued = script("slurm.sh", tmp_path, "--out", str(run), SLURM_RESTART_COUNT="1")
    assert requeued.returncode == 0, requeued.stderr
    assert "2 epochs done" in requeued.stdout

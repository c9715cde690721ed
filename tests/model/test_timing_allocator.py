"""Memory that is freed stays with the process: tried in a process of its own, which it changes for good."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from cnncalc.model.timing.allocator import keep_freed_memory
import torch

def faults_of_a_pass():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(4 * 2**20)  # 16 MiB, which are freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

assert keep_freed_memory()
faults_of_a_pass()
print([faults_of_a_pass() for _ in range(5)][-1])  # the first ones make room
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it asks glibc")
def test_the_same_memory_serves_again() -> None:
    """A later tensor has the pages of earlier ones: the 4,096 pages of 16 MiB are not fetched from the system again."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100

"""How many designs `cnncalc sweep` counts per second, each figure as a ratio to loading measured in the same run.

    python benchmarks/sweep.py            # all
    python benchmarks/sweep.py counts     # one of: counts, memory, million, torchinfo

The spec is `examples/three-stages.txt`, a residual network for 32x32 images. Times are CPU time of the process, so that
other processes matter little; `million` alone is the time on the clock, of two processes.
"""

from __future__ import annotations

import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

import cnncalc
from cnncalc import zoo
from cnncalc.analysis.memory import TrainingSetup
from cnncalc.design.counter import Design
from cnncalc.design.running import DEAR_DESIGNS_OF_A_PART, DESIGNS_OF_A_PART, SweepTask, run_sweep
from cnncalc.design.sweep import Goal, Sweep, SweepRequest
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings
from cnncalc.spec import parse

SPEC = Path(__file__).resolve().parent.parent / "examples" / "three-stages.txt"
GRID = ("width=4..128:step=4", "depth=1..16", "input=24,28,32,36,40,44,48,56,64,72", "unit=basic|bottleneck")
"""10,240 designs, of up to 400 layers."""

SMALL = ("width=8..64:step=8", "depth=1..4", "input=24,32,40,48,64", "unit=basic|bottleneck")
MILLION = ("width=8..128", "depth=1..16", "input=24..64", "classes=10..22")
LOADED = 200


def main() -> None:
    chosen = sys.argv[1:] or ["counts", "memory", "million", "torchinfo"]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; CPU time of the process")
    for name in chosen:
        {"counts": counts, "memory": memory, "million": million, "torchinfo": with_torchinfo}[name]()


def opened(vary: tuple[str, ...], where: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> Sweep:
    """Return a sweep over designs of the spec."""
    setup = TrainingSetup(batch=64, optimizer="adamw")
    request = SweepRequest(vary, where, Goal("params", True), setup=setup, columns=columns)
    return Sweep(parse(read_source(str(SPEC)), zoo.blocks), SpecSettings(), request)


def loaded(sweep: Sweep, design: Design) -> cnncalc.Network:
    """Load a design from its text."""
    text = SPEC.read_text()
    for name, block in design.blocks:
        text = re.sub(rf"(?<!block )\b{name}\(", f"{block}(", text)
    return cnncalc.load(text, params=design.parameters, input=design.volume)


def rate(call: Callable[[Design], object], designs: Iterable[Design]) -> float:
    """Return how many designs a second of CPU time takes."""
    counted = 0
    start = time.process_time()
    for design in designs:
        call(design)
        counted += 1
    return counted / (time.process_time() - start)


def rate_of_parts(sweep: Sweep, numbers: Sequence[int]) -> float:
    """Return how many designs a second of CPU time takes in parts of the size in which the command counts them."""
    size = DEAR_DESIGNS_OF_A_PART if sweep.is_dear else DESIGNS_OF_A_PART
    start = time.process_time()
    for first in range(0, len(numbers), size):
        sweep.part(numbers[first : first + size])
    return len(numbers) / (time.process_time() - start)


def counts() -> None:
    """Parameters and MACs of 10,240 designs, first and again; each is compared with loading it."""
    sweep = opened(GRID)
    numbers = range(sweep.space.size)
    first, again = (rate_of_parts(sweep, numbers) for _ in "ab")
    some = [sweep.counter.design(number) for number in Random(0).sample(numbers, LOADED)]
    by_loading = rate(lambda design: loaded(sweep, design).params, some)
    print(
        f"counts: {len(numbers):,} designs, {first:,.0f} per second, {again:,.0f} when known; "
        f"by loading {by_loading:,.0f}: {first / by_loading:.0f} and {again / by_loading:.0f} times as many"
    )
    wrong = 0
    for number in numbers:
        design = sweep.counter.design(number)
        network, totals = loaded(sweep, design), sweep.counter.totals(design)
        wrong += (network.params, network.macs) != (totals.weights + totals.biases, totals.macs)
    print(f"counts: {wrong} of {len(numbers):,} differ from the network that is loaded")


def memory() -> None:
    """The peak of a training step of 64 images with adamw."""
    sweep = opened(SMALL, columns=("memory",))
    numbers = range(sweep.space.size)
    first, again = (rate_of_parts(sweep, numbers) for _ in "ab")

    def predicted(design: Design) -> int:
        return cnncalc.predict_memory(loaded(sweep, design), batch=64, optimizer="adamw").peak_bytes

    some = [sweep.counter.design(number) for number in Random(0).sample(numbers, LOADED // 2)]
    by_loading = rate(predicted, some)
    print(
        f"memory: {len(numbers):,} designs, {first:,.0f} per second, {again:,.0f} when known; "
        f"by loading {by_loading:,.0f}: {first / by_loading:.1f} and {again / by_loading:.1f} times as many"
    )
    place = sweep.columns.index("memory")
    wrong = sum(predicted(design) != sweep.row_of(design.number)[place] for design in some)
    print(f"memory: {wrong} of {len(some)} differ from the prediction for the network that is loaded")


def million() -> None:
    """A million designs with two processes: time on the clock, and the largest memory of a process."""
    request = SweepRequest(MILLION, ("params < 1M", "macs < 50M"), Goal("params", True))
    task = SweepTask.of(read_source(str(SPEC)), SpecSettings(), request)
    space = task.open().space
    designs = space.sample(1_000_000, 0) if space.size > 1_000_000 else range(space.size)
    start = time.perf_counter()
    tally = run_sweep(task, designs, lambda done, tally: None, jobs=2)
    took = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    own, theirs = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        f"million: {tally.counted:,} designs in {took:.0f} s on the clock with 2 processes, {cpu:.0f} s of CPU time; "
        f"{own:.0f} MiB, and {theirs:.0f} MiB for each of them (load of the machine {os.getloadavg()[0]:.1f})"
    )


def with_torchinfo() -> None:
    """The same numbers by torchinfo on the meta device, for modules that are built already."""
    import torch
    import torchinfo

    sweep = opened(SMALL)
    some = [sweep.counter.design(number) for number in Random(1).sample(range(sweep.space.size), 8)]
    theirs = 0.0
    for design in some:
        network = loaded(sweep, design)
        with torch.device("meta"):
            module = cnncalc.build(network)
        volume = network.input
        start = time.process_time()
        torchinfo.summary(module, input_size=(1, volume.channels, *volume.spatial), device="meta", verbose=0)
        theirs += time.process_time() - start
    ours = rate_of_parts(sweep, range(sweep.space.size))
    rate_of_theirs = len(some) / theirs
    print(f"torchinfo: {rate_of_theirs:,.1f} designs per second, ours {ours:,.0f}: {ours / rate_of_theirs:,.0f} times")


if __name__ == "__main__":
    main()

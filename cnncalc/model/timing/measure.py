"""Measuring a network here: in rounds, the whole pass and the pass with a stopwatch in turn.

Layers are timed where they stand, in a pass of the whole network, so that caches hold what they hold then; a layer
that is run alone again and again finds its input in a cache. What is reported are medians.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from statistics import median_low
from typing import TYPE_CHECKING, NamedTuple

import torch

from cnncalc.analysis.roofline import Machine, Measured, TimeSetup
from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.words import shorten
from cnncalc.model.build import build
from cnncalc.model.timing.clocks import Clock, CudaClock
from cnncalc.model.timing.limits import measured_bandwidth, measured_peak
from cnncalc.model.timing.passes import dtype_of, inference, inputs_of, training_step
from cnncalc.model.timing.stopwatch import REST, Stopwatch, TimedPart, with_stopwatch
from cnncalc.network import Network

if TYPE_CHECKING:
    from torch.utils.benchmark import Timer

LEAST_ROUNDS, MOST_ROUNDS = 5, 200
ENOUGH = 3.0
"""Seconds after which no further round is begun."""

SHORT = 0.05
"""Seconds that a round lasts at least; passes of small networks are repeated in it."""

LEAST_PASSES, MOST_PASSES = 3, 200
"""Passes of a round."""


class MeasureOptions(NamedTuple):
    """How the time of a network is measured.

    Attributes:
        device: ``cpu`` or ``cuda``.
        threads: of PyTorch on the CPU.
        rounds: how many; None for as many as fit into a while.
        processor_time: whether only the time counts that the thread itself was running.
        seconds: the clock; None for the usual one.

    """

    device: str = "cpu"
    threads: int = 1
    rounds: int | None = None
    processor_time: bool = False
    seconds: Callable[[], float] | None = None

    def clock(self) -> Clock:
        """Return the clock."""
        if self.device.startswith("cuda"):
            return CudaClock(time.perf_counter)
        return Clock(self.timer())

    def timer(self) -> Callable[[], float]:
        """Return what PyTorch's benchmark takes for its clock."""
        if self.device.startswith("cuda"):
            return _synchronized
        return self.seconds or (time.thread_time if self.processor_time else time.perf_counter)


def measure(network: Network, setup: TimeSetup, options: MeasureOptions) -> Measured:
    """Measure a network, and the machine before and after it.

    Raises:
        SpecError: for a network that PyTorch has no layers for, or does not run.

    """
    device, clock = torch.device(options.device), options.clock()
    before = torch.get_num_threads()
    torch.set_num_threads(options.threads)
    try:
        limits = [_limits(device, setup, clock)]
        parts, whole, rounds = _rounds(network, setup, options, clock)
        limits.append(_limits(device, setup, clock))
    except CnncalcError:
        raise
    except (RuntimeError, ValueError) as error:
        raise SpecError("not-in-pytorch", f"PyTorch does not run this network: {shorten(str(error), 160)}") from None
    finally:
        torch.set_num_threads(before)
    peak, bandwidth = (max(pair) for pair in zip(*limits, strict=True))
    return _measured(network, Machine("this machine", peak, bandwidth), parts, whole, rounds)


def _measured(
    network: Network, machine: Machine, parts: Mapping[TimedPart, float], whole: float, rounds: int
) -> Measured:
    """Put together what was measured."""
    indices = range(1, len(network.layers) + 1)
    forward, backward = (
        [parts.get(TimedPart(name, index), 0.0) for index in indices] for name in ("forward", "backward")
    )
    step = parts.get(TimedPart("step"))
    return Measured(machine, forward, [] if step is None else backward, step, parts.get(REST, 0.0), whole, rounds)


def _limits(device: torch.device, setup: TimeSetup, clock: Clock) -> tuple[float, float]:
    return measured_peak(device, dtype_of(setup), clock), measured_bandwidth(device, clock)


def _rounds(
    network: Network, setup: TimeSetup, options: MeasureOptions, clock: Clock
) -> tuple[dict[TimedPart, float], float, int]:
    """Return the median seconds of a whole pass, those of every part in the round of median length, and all rounds."""
    watch = Stopwatch(clock)
    whole, watched = _timers(network, setup, options, watch)
    watched.timeit(1)
    passes = min(MOST_PASSES, max(LEAST_PASSES, round(SHORT / max(whole.timeit(1).mean, 1e-9))))
    cost = 0.0 if options.seconds else watch.cost()
    wholes: list[float] = []
    found: list[dict[TimedPart, float]] = []
    begun = time.perf_counter()
    while _goes_on(len(wholes), options.rounds, begun):
        wholes.append(whole.timeit(passes).mean)
        watched.timeit(passes)
        found.append(watch.means(passes, cost))
    found.sort(key=lambda parts: sum(parts.values()))
    return found[(len(found) - 1) // 2], median_low(wholes), len(wholes)


def _timers(network: Network, setup: TimeSetup, options: MeasureOptions, watch: Stopwatch) -> tuple[Timer, Timer]:
    """Return what times the whole pass, and what runs the pass with the stopwatch."""
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it warns where there is no card
    from torch.utils.benchmark import Timer

    device = torch.device(options.device)
    module = build(network, device=device, seed=0)
    watched = with_stopwatch(module, watch, training=setup.training)
    inputs = inputs_of(network, setup, device)
    if setup.training:
        runs = training_step(module, inputs, setup), training_step(watched, inputs, setup, watch)
    else:
        runs = inference(module, inputs), inference(watched, inputs, watch)
    first, second = (
        Timer("run()", globals={"run": run}, timer=options.timer(), num_threads=options.threads) for run in runs
    )
    return first, second


def _goes_on(done: int, wanted: int | None, begun: float) -> bool:
    """Say whether there is another round: as many as are wanted, else some, and more while they are short."""
    if wanted is not None:
        return done < wanted
    return done < LEAST_ROUNDS or (done < MOST_ROUNDS and time.perf_counter() - begun < ENOUGH)


def _synchronized() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()

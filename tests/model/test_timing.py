"""Measuring, with a clock that is not one: it goes on by a second whenever somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
import torch

import cnncalc
from cnncalc.analysis.roofline import TimeSetup
from cnncalc.core.errors import SpecError
from cnncalc.model.build import build
from cnncalc.model.timing import MeasureOptions, limits, measure
from cnncalc.model.timing.clocks import Clock
from cnncalc.model.timing.passes import inference, inputs_of, training_step
from cnncalc.model.timing.stopwatch import REST, Stopwatch, TimedPart, with_stopwatch
from cnncalc.optimizers import OPTIMIZERS

BRANCHES = "conv 3x3x4 p1 - bn - relu - add( conv 1x1x4 - relu | ) - gap - flatten - fc 3"


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Return a clock that goes on by a second with every look; the machine's limits are measured in small."""
    monkeypatch.setitem(limits.SIDES, "cpu", (8, 16))
    monkeypatch.setitem(limits.COPIED, "cpu", 2**25)
    seconds = count()
    return lambda: float(next(seconds))


def watched(spec: str, clock: Callable[[], float], *, training: bool) -> dict[TimedPart, float]:
    """Return what a stopwatch says of one pass."""
    network = cnncalc.load(spec, input="8x8x3")
    setup = TimeSetup(batch=2, training=training)
    watch = Stopwatch(Clock(clock))
    module = with_stopwatch(build(network, seed=0), watch, training=training)
    inputs = inputs_of(network, setup, torch.device("cpu"))
    run = training_step(module, inputs, setup, watch) if training else inference(module, inputs, watch)
    run()
    return watch.means(1)


def test_every_layer_is_looked_at_once(steps: Callable[[], float]) -> None:
    """In the order in which PyTorch runs them."""
    parts = watched(BRANCHES, steps, training=False)
    assert list(parts) == [REST, *[TimedPart("forward", index) for index in range(1, 10)]]
    assert set(parts.values()) == {1.0}


def test_what_pytorch_does_not_do_has_no_time(steps: Callable[[], float]) -> None:
    """Behind a vector nothing is left to flatten."""
    parts = watched("fc 3 - flatten - relu", steps, training=False)
    assert list(parts) == [REST, TimedPart("forward", 1), TimedPart("forward", 3)]


def test_a_training_step_has_all_passes(steps: Callable[[], float]) -> None:
    """Backward in reverse, then the optimizer; the gradients are set to none at the end."""
    parts = watched(BRANCHES, steps, training=True)
    backward = [part.layer for part in parts if part.name == "backward"]
    assert backward[0] == 9
    assert sorted(backward) == list(range(1, 10))
    assert parts[TimedPart("step")] == 1.0


def test_the_stopwatch_changes_nothing() -> None:
    """The same numbers come out, and the same gradients."""
    network = cnncalc.load(BRANCHES, input="8x8x3")
    module = build(network, seed=0)
    watch = Stopwatch(Clock(lambda: 0.0))
    other = with_stopwatch(module, watch, training=True)
    batch = torch.randn(2, 3, 8, 8)
    found = []
    for each in (module, other):
        watch.start()
        module.zero_grad()
        each(batch).sum().backward()
        found.append([parameter.grad.clone() for parameter in module.parameters() if parameter.grad is not None])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_what_is_measured(steps: Callable[[], float]) -> None:
    """A look at the clock is a second: for each layer, for three passes of the whole, for each product and copy."""
    network = cnncalc.load(BRANCHES, input="8x8x3")
    measured = measure(network, TimeSetup(batch=2), MeasureOptions(rounds=2, seconds=steps))
    assert measured.forward == [1.0] * 9
    assert (measured.backward, measured.step) == ([], None)
    assert (measured.rest, measured.total, measured.rounds) == (1.0, 10.0, 2)
    assert measured.whole == pytest.approx(1 / 3)
    convolution = 2 * 28 * 28 * 9 * 256**2
    assert measured.machine.peak == max(2 * 16**3, convolution)
    assert measured.machine.bandwidth == 2 * limits.PIECE  # a copy reads and writes


def test_a_measured_training_step(steps: Callable[[], float]) -> None:
    network = cnncalc.load(BRANCHES, input="8x8x3")
    setup = TimeSetup(batch=2, training=True, optimizer="adamw", precision="bf16")
    measured = measure(network, setup, MeasureOptions(rounds=1, seconds=steps))
    assert measured.layers == [2.0] * 9
    assert measured.step == 1.0


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_makes_its_step(optimizer: str) -> None:
    """It finds all settings that it reads, and changes the weights."""
    network = cnncalc.load(BRANCHES, input="8x8x3")
    setup = TimeSetup(batch=2, training=True, optimizer=optimizer)
    module = build(network, seed=0)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    training_step(module, inputs_of(network, setup, torch.device("cpu")), setup)()
    assert not all(torch.equal(*pair) for pair in zip(before, module.parameters(), strict=True))


def test_threads_are_those_of_before(steps: Callable[[], float]) -> None:
    """Also where the network does not run: a batch of one has no variance."""
    before = torch.get_num_threads()
    network = cnncalc.load("fc 3 - bn", input="4x4x1")
    with pytest.raises(SpecError, match=r"^PyTorch does not run this network: Expected more than 1 value per channel"):
        measure(network, TimeSetup(training=True), MeasureOptions(threads=before + 1, rounds=1, seconds=steps))
    assert torch.get_num_threads() == before


def test_the_cost_of_the_clock_is_taken_off() -> None:
    """Of every part, and never more than it took."""
    watch = Stopwatch(Clock(iter([0.0, 5.0, 6.0]).__next__))
    watch.start()
    watch.begin("forward", 1)
    watch.begin("rest")
    assert watch.means(1, cost=2.0) == {REST: 3.0, TimedPart("forward", 1): 0.0}

"""Peaks of many networks. The oracle is the prediction for each of them alone, which is tested against PyTorch."""

from __future__ import annotations

import gc
import weakref
from itertools import product
from random import Random

import pytest

import cnncalc
from cnncalc.analysis.memory import Predictor, TrainingSetup, plans
from cnncalc.analysis.memory.plans import PeakCounter
from cnncalc.core.errors import SpecError
from tests.network.test_flow import SAME_LABEL
from tests.network.test_totals import LABELS, PLAIN, SIZES, THREE_STAGES
from tests.oracle.random_specs import spec as random_spec

SETUPS = [
    TrainingSetup(batch=8),
    TrainingSetup(batch=8, optimizer="adamw", precision="bf16"),
    TrainingSetup(batch=6, device="cpu", accumulate=2, ema=True, optimizer="rmsprop"),
    TrainingSetup(batch=4, inference=True),
    TrainingSetup(batch=1, optimizer="adam", implementation="loop", inplace=False, precision="fp16"),
    TrainingSetup(batch=4, optimizer="muon"),
    TrainingSetup(batch=4, checkpointing=True),
]


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("text", [THREE_STAGES, PLAIN, LABELS, SIZES])
def test_the_peak_of_a_plan_is_that_of_the_prediction(text: str, setup: TrainingSetup) -> None:
    """Widths, depths and inputs: also of one channel and of one position, where tensors are copied otherwise."""
    counter = PeakCounter(setup)
    designs = list(product([1, 2, 8], [1, 3], [4, 8, 16], [1, 3]))
    Random(0).shuffle(designs)
    for width, depth, size, channels in designs:
        try:
            network = cnncalc.load(text, params={"width": width, "depth": depth}, input=(size, size, channels))
        except SpecError:
            continue
        assert counter.peak(network) == Predictor(network).peak(setup)


@pytest.mark.parametrize("setup", SETUPS[:5])
def test_networks_of_the_zoo(setup: TrainingSetup) -> None:
    counter = PeakCounter(setup)
    for name, size in product(("lenet5", "resnet18", "unet", "mobilenet_v3_small", "googlenet"), (0, 32, 0)):
        usual = cnncalc.load(name).input
        try:
            network = cnncalc.load(name, input=usual.with_spatial([side + size for side in usual.spatial]))
        except SpecError:
            continue
        assert counter.peak(network) == Predictor(network).peak(setup)


@pytest.mark.parametrize("setup", SETUPS[:5])
def test_random_networks(setup: TrainingSetup) -> None:
    """Every layer of the language, one network after the other."""
    counter = PeakCounter(setup)
    for seed in range(40):
        network = random_spec(Random(seed)).load()
        assert counter.peak(network) == Predictor(network).peak(setup)


def test_several_outputs_and_what_no_loss_depends_on() -> None:
    counter = PeakCounter(TrainingSetup(batch=4))
    for depth in (1, 2, 1):
        network = cnncalc.load(SAME_LABEL, params={"depth": depth})
        assert counter.peak(network) == Predictor(network).peak(counter.setup)


def test_what_is_known_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a bound."""
    monkeypatch.setattr(plans, "MOST_PARTS", 100)
    counter = PeakCounter(TrainingSetup(batch=4))
    for width in range(1, 30):
        network = cnncalc.load(THREE_STAGES, params={"width": width})
        assert counter.peak(network) == Predictor(network).peak(counter.setup)
        assert len(counter.memory.parts) < 200


def test_a_walk_is_given_back_at_once() -> None:
    """Nothing in it holds itself, so that the memory of a long network does not wait for the garbage collector."""
    gc.disable()
    try:
        walk = weakref.ref(Predictor(cnncalc.load("input 8x8x3\nconv 3x3x4 - bn - relu")).step(SETUPS[0]).walk)
        assert walk() is None
    finally:
        gc.enable()

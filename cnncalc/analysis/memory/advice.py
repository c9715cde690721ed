"""What would take less memory, and how much less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from cnncalc.analysis.memory.prediction import MemoryPrediction, Predictor
from cnncalc.analysis.memory.setup import TrainingSetup

WORTH = 0.01
"""The share of the peak that a change must save to be worth a word."""


class Advice(NamedTuple):
    """A change: the option that makes it, what it does, and the peak that is left."""

    option: str
    effect: str
    peak_bytes: int


def advice(prediction: MemoryPrediction, predictor: Predictor) -> list[Advice]:
    """Return the changes that would lower the peak, the best first."""
    found = []
    for option, effect, setup in _changes(prediction):
        peak = predictor.peak(setup)
        if prediction.peak_bytes - peak > WORTH * prediction.peak_bytes:
            found.append(Advice(option, effect, peak))
    return sorted(found, key=lambda change: change.peak_bytes)


def _changes(prediction: MemoryPrediction) -> Iterator[tuple[str, str, TrainingSetup]]:
    """Yield what may be changed: an option, its effect, and the setup with it; those of the same trace first."""
    setup = prediction.setup
    yield from _of_inference(setup) if setup.inference else _of_training(prediction)
    if not setup.inplace:
        yield "--inplace", "activations write over their input", replace(setup, inplace=True)
    if setup.precision == "float32":
        yield "--precision bf16", "autocast to bf16", replace(setup, precision="bf16")


def _of_inference(setup: TrainingSetup) -> Iterator[tuple[str, str, TrainingSetup]]:
    if setup.batch > 1:
        half = setup.batch // 2
        yield f"--batch {half}", "half the images at a time", replace(setup, batch=half)


def _of_training(prediction: MemoryPrediction) -> Iterator[tuple[str, str, TrainingSetup]]:
    setup = prediction.setup
    passes = 2 * setup.accumulate
    if passes <= setup.batch:
        split = replace(setup, accumulate=passes)
        yield f"--accumulate {passes}", f"{passes} passes of {split.images:,} images in each step", split
    if "fused" in setup.rule.implementations and setup.implementation != "fused" and prediction.phase == "step":
        yield "--optimizer-impl fused", "the step makes no temporaries", replace(setup, implementation="fused")
    if not setup.checkpointing:
        yield "--checkpointing", "blocks are computed again in the backward pass", replace(setup, checkpointing=True)

"""Which other way of data parallel training would take less memory, and how much less."""

from __future__ import annotations

from dataclasses import replace

from cnncalc.analysis.memory.advice import WORTH, Advice, advice
from cnncalc.analysis.parallel.prediction import CardPrediction, CardPredictor
from cnncalc.core.errors import ArgumentError

_EFFECTS = {
    "zero1": "each card keeps a share of the optimizer's state",
    "fsdp2": "each card keeps a share of parameters, gradients and state",
}


def card_advice(prediction: CardPrediction, predictor: CardPredictor) -> list[Advice]:
    """Return the changes that would lower the peak, the best first: those of a single process, and other ways."""
    found = advice(prediction, predictor)
    for way, effect in _EFFECTS.items():
        if way == prediction.parallel.way or prediction.parallel.cards == 1:
            continue
        try:
            other = replace(prediction.parallel, way=way)
            other.of_card(replace(prediction.setup, batch=prediction.setup.batch * other.cards))
            peak = CardPredictor(prediction.network, other).peak(prediction.setup)
        except ArgumentError:  # the optimizer or the network does not run so
            continue
        if prediction.peak_bytes - peak > WORTH * prediction.peak_bytes:
            found.append(Advice(f"--parallel {way}", effect, peak))
    return sorted(found, key=lambda change: change.peak_bytes)

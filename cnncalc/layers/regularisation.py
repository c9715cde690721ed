"""Regularisation: ``dropout 0.5``, ``dropout2d 0.5``, ``droppath 0.1``. All are still when testing."""

from __future__ import annotations

from dataclasses import dataclass

from cnncalc.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer
from cnncalc.layers.registry import register

_RATES = {"dropout": 0.5, "dropout2d": 0.5, "droppath": 0.1}


@register(*_RATES)
@dataclass(eq=False, repr=False)
class Dropout(Layer):
    """Zeroes values (dropout), whole channels (dropout2d) or the whole branch of an image (droppath)."""

    what: str
    rate: float

    @property
    def kind(self) -> str:  # type: ignore[override]  # one class stands for three words
        return self.what

    @classmethod
    def read(cls, arguments: Arguments) -> Dropout:
        rate = arguments.number("rate", _RATES[arguments.word])
        if not 0 <= rate <= 1:
            message = f"the rate of {arguments.word} lies between 0 and 1, not {rate:g}"
            raise Fault("out-of-range", message, about="rate")
        return cls(arguments.word, rate)

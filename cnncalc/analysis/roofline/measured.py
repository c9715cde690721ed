"""What was measured of a network, beside its bound on the machine that it was measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.roofline.bounds import Bound
from cnncalc.analysis.roofline.machine import Machine


class Measured(NamedTuple):
    """What was measured.

    Attributes:
        machine: its peak and its bandwidth, measured too.
        forward, backward: seconds of every layer in the round of median length; ``backward`` is empty for inference.
        step: seconds of the optimizer's step; None for inference.
        rest: seconds between these.
        whole: median seconds of a pass in which nothing but the whole was timed.
        rounds: how often both were measured.

    """

    machine: Machine
    forward: Sequence[float]
    backward: Sequence[float]
    step: float | None
    rest: float
    whole: float
    rounds: int

    @property
    def layers(self) -> list[float]:
        """Seconds of every layer: its passes together."""
        backward = self.backward or [0.0] * len(self.forward)
        return [there + back for there, back in zip(self.forward, backward, strict=True)]

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return sum(self.layers) + (self.step or 0.0) + self.rest


def faster_than_bound(bound: Bound, measured: Measured) -> list[str]:
    """Return the names of the layers that took less time than their bound, in execution order."""
    rows = zip(bound.rows, measured.layers, strict=True)
    return [row.node.name for row, seconds in rows if seconds < row.seconds]

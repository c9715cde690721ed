"""A bound on the time of a network: the arithmetic of its direct convolutions and its compulsory traffic (roofline)."""

from cnncalc.analysis.roofline.bounds import Bound, LayerBound, PassBound, bound
from cnncalc.analysis.roofline.machine import Machine, machine_of_card
from cnncalc.analysis.roofline.measured import Measured, faster_than_bound
from cnncalc.analysis.roofline.setup import TimeSetup

__all__ = [
    "Bound",
    "LayerBound",
    "Machine",
    "Measured",
    "PassBound",
    "TimeSetup",
    "bound",
    "faster_than_bound",
    "machine_of_card",
]

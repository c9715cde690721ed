"""The values of layers, forwards and backwards, exact where they can be, and the sums that they are. No torch."""

from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import Computation, ComputedLayer, compute
from cnncalc.values.limits import MOST_MULTIPLICATIONS

__all__ = ["MOST_MULTIPLICATIONS", "Computation", "ComputedLayer", "Numbers", "compute"]

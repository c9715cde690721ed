"""The values of layers, forwards and backwards, exact where they can be, and the sums that they are. No torch."""

from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import Computation, ComputedLayer, compute
from cnncalc.values.gradients import GradientSum, input_gradient_sum, tensor_gradient_sum
from cnncalc.values.learning import (
    LearningStep,
    Loss,
    after,
    cross_entropy,
    descend,
    perceptron_step,
    squared_error,
)
from cnncalc.values.limits import MOST_MULTIPLICATIONS
from cnncalc.values.matrices import MatrixValues, matrices
from cnncalc.values.sums import SumPart, UnitSum, unit_sum
from cnncalc.values.windows import WindowStep, window_steps

__all__ = [
    "MOST_MULTIPLICATIONS",
    "Computation",
    "ComputedLayer",
    "GradientSum",
    "LearningStep",
    "Loss",
    "MatrixValues",
    "Numbers",
    "SumPart",
    "UnitSum",
    "WindowStep",
    "after",
    "compute",
    "cross_entropy",
    "descend",
    "input_gradient_sum",
    "matrices",
    "perceptron_step",
    "squared_error",
    "tensor_gradient_sum",
    "unit_sum",
    "window_steps",
]

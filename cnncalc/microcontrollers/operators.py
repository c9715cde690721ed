"""What each operator of the interpreter takes from the arena, beside its tensors: one row for each, from its kernel.

The kernels are the reference ones (``tensorflow/lite/micro/kernels``). An operator has what is parsed from the file
(``TfLiteConvParams``), what its kernel keeps (``OpDataConv``), arrays that stay, such as a multiplier and a shift for
each channel, and scratch buffers, which are planned together with the tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.microcontrollers.graph import Operator
from cnncalc.microcontrollers.structs import Struct

Sizes = Callable[[Operator], tuple[int, ...]]

NOTHING = Struct("")


def no_bytes(operator: Operator) -> tuple[int, ...]:
    """Return nothing: most kernels keep no arrays and need no scratch buffer."""
    return ()


class InterpreterKernel(NamedTuple):
    """What an operator takes.

    Attributes:
        parsed: what is read of its settings; `NOTHING` where it has none.
        data: what the kernel keeps.
        arrays: bytes of the arrays that stay.
        scratch: bytes of the buffers that it needs while it runs.
        views: how often it looks at each of its tensors while it prepares.
        in_place: whether its values each need the value in the same place, so that it could write over what it reads.

    """

    parsed: Struct = NOTHING
    data: Struct = NOTHING
    arrays: Sizes = no_bytes
    scratch: Sizes = no_bytes
    views: int = 1
    in_place: bool = False


def per_channel(operator: Operator) -> tuple[int, ...]:
    """Return the bytes of a multiplier and of a shift for each channel, an int32 each."""
    channels = operator.weights[0].scales
    return (4 * channels, 4 * channels) if channels > 1 or operator.kind != "FULLY_CONNECTED" else ()


def mean_scratch(operator: Operator) -> tuple[int, ...]:
    """Return the bytes of the sums, of the position and of the dimensions over which the mean goes."""
    return (4 * operator.output.values, *reduce_scratch(operator))


def reduce_scratch(operator: Operator) -> tuple[int, ...]:
    """Return the bytes of the position and of the dimensions over which is reduced."""
    return (4 * len(operator.inputs[0].shape), 4 * operator.inputs[1].values)


def sums(operator: Operator) -> tuple[int, ...]:
    """Return the bytes of the output as int32, in which a transposed convolution adds up."""
    return (4 * operator.output.values,)


CONVOLUTION = Struct("iiiiiiiiiPPiii", "ii")
POOL = InterpreterKernel(Struct("iiiiiiiiii"), Struct("iiiiiiii"))
KERNELS = {
    "CONV_2D": InterpreterKernel(Struct("iiiiiii"), CONVOLUTION, per_channel, views=2),
    "DEPTHWISE_CONV_2D": InterpreterKernel(Struct("iiiiiii"), CONVOLUTION, per_channel, views=2),
    "TRANSPOSE_CONV": InterpreterKernel(
        Struct("iiiii"), Struct("b" + 8 * "h" + 9 * "i" + "i|iPP", "ii"), per_channel, sums, views=2
    ),
    "FULLY_CONNECTED": InterpreterKernel(Struct("iibbidd"), Struct("iiiiiiiiiPPb", "ii"), per_channel),
    "MAX_POOL_2D": POOL,
    "AVERAGE_POOL_2D": POOL,
    "MEAN": InterpreterKernel(Struct("b"), Struct(11 * "i"), scratch=mean_scratch),
    "REDUCE_MAX": InterpreterKernel(Struct("b"), Struct(11 * "i"), scratch=reduce_scratch),
    "ADD": InterpreterKernel(Struct("ib"), Struct("b" + 14 * "i"), in_place=True),
    "SUB": InterpreterKernel(Struct("ib"), Struct("b" + 12 * "i"), in_place=True),
    "MUL": InterpreterKernel(Struct("i"), Struct(9 * "i"), in_place=True),
    "MAXIMUM": InterpreterKernel(in_place=True),
    "MINIMUM": InterpreterKernel(in_place=True),
    "CONCATENATION": InterpreterKernel(Struct("ii"), Struct("iPPiii", 10 * "i")),
    "PAD": InterpreterKernel(data=Struct("biiiiibiiiiibi")),
    "RESHAPE": InterpreterKernel(Struct(9 * "i"), in_place=True),
    "TRANSPOSE": InterpreterKernel(),
    "STRIDED_SLICE": InterpreterKernel(Struct("iiiiib"), Struct("biiiii" * 3 + "hhhhhb")),
    "RESIZE_BILINEAR": InterpreterKernel(Struct("bb")),
    "SOFTMAX": InterpreterKernel(Struct("i"), Struct("d" + 7 * "i" + "PPPPP")),
    "LOG_SOFTMAX": InterpreterKernel(data=Struct("iiiiiPP")),
    "RELU": InterpreterKernel(data=Struct("biiiiii"), in_place=True),
    "RELU6": InterpreterKernel(data=Struct("ii"), in_place=True),
    "TANH": InterpreterKernel(data=Struct("iiii"), in_place=True),
    "LOGISTIC": InterpreterKernel(data=Struct("iiii"), in_place=True),
    "HARD_SWISH": InterpreterKernel(data=Struct("hhhihi"), in_place=True),
    "LEAKY_RELU": InterpreterKernel(Struct("i"), Struct("iiiiii"), in_place=True),
    "PRELU": InterpreterKernel(data=Struct(7 * "i"), in_place=True),
    "QUANTIZE": InterpreterKernel(data=Struct("idiii"), in_place=True),
}
"""Every operator that is predicted, by its name in TensorFlow Lite."""

MOST_CONCATENATED = 10
"""Volumes that ``CONCATENATION`` takes (``kMaxInputNum``)."""

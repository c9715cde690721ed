"""A network as TensorFlow Lite has it: operators in the order in which they run, on tensors N x H x W x C of int8."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple


@dataclass(eq=False)
class TfliteTensor:
    """A tensor; it is compared by identity.

    Attributes:
        name: the layer that makes it, or what a constant is.
        shape: its sizes, with that of the batch in front, which is 1; () for a single number.
        bytes_each: bytes of a value.
        scales: scales of its quantisation: one, one for each channel, or none.
        constant: whether it is in the file: weights, or a setting.
        learned: whether it is made of parameters.
        content: the values of a setting.

    """

    name: str
    shape: tuple[int, ...]
    bytes_each: int = 1
    scales: int = 1
    constant: bool = False
    learned: bool = False
    content: Any = None

    @property
    def values(self) -> int:
        """How many values it has."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of its values."""
        return self.values * self.bytes_each


class Operator(NamedTuple):
    """An operator.

    Attributes:
        kind: its name in TensorFlow Lite, such as ``CONV_2D``.
        layer: the layer of the spec that it is done for.
        inputs: what it reads, constants among it, in TensorFlow Lite's order.
        output: what it makes.
        activation: the activation that is fused into it: ``relu``, ``relu6`` or "".
        window: for one that reads windows, their rows and columns, and their strides; else ().

    """

    kind: str
    layer: str
    inputs: tuple[TfliteTensor, ...]
    output: TfliteTensor
    activation: str = ""
    window: tuple[tuple[int, int], ...] = ()

    @property
    def weights(self) -> tuple[TfliteTensor, ...]:
        """Its constants that are learned."""
        return tuple([tensor for tensor in self.inputs if tensor.learned])


@dataclass
class Graph:
    """All of it.

    Attributes:
        inputs, outputs: what is given and what is asked for.
        operators: in the order in which they run.

    """

    inputs: list[TfliteTensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    outputs: list[TfliteTensor] = field(default_factory=list)

    @property
    def tensors(self) -> list[TfliteTensor]:
        """All tensors in the order of the file: the inputs, the constants, what operators make."""
        constants = {id(tensor): tensor for operator in self.operators for tensor in operator.inputs if tensor.constant}
        return [*self.inputs, *constants.values(), *(operator.output for operator in self.operators)]

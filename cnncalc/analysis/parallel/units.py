"""What FSDP2 gathers at once: the blocks of a network, and what lies in none of them.

Blocks are those that checkpointing computes again (`cnncalc.analysis.memory.segments`), so that ``fully_shard`` and
checkpointing wrap the same modules. A parameter is cut along its first dimension into as many equal parts as there are
cards; where that does not divide, the last parts are filled up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.lasting import FLOAT
from cnncalc.analysis.memory.trace import Part, Trace
from cnncalc.core.errors import ArgumentError
from cnncalc.network import Network, Node


class Shape(NamedTuple):
    """A learned tensor: its values, and its size in the first dimension."""

    values: int
    rows: int

    def shard(self, cards: int) -> int:
        """Return the values of a card's part."""
        return self.values // self.rows * -(-self.rows // cards)


class ShardUnit(NamedTuple):
    """Layers whose parameters are gathered and whose gradients are reduced at once.

    Attributes:
        parameters: their learned tensors, in order.
        trained: those that get a gradient.
        passes_on: whether something that the unit reads has a gradient; else its gradients are reduced at the end.

    """

    parameters: Sequence[Shape]
    trained: Sequence[Shape]
    passes_on: bool

    def sizes(self, setup: TrainingSetup, cards: int) -> UnitSizes:
        """Return the bytes of what is gathered and reduced for it."""
        rounded = setup.rounded
        own = [shape.shard(cards) for shape in self.parameters]
        part = FLOAT * sum([shape.shard(cards) for shape in self.trained])
        return UnitSizes(
            whole=sum([rounded(FLOAT * cards * values) for values in own]),
            buffer=rounded(FLOAT * cards * sum(own)),
            gradients=sum([rounded(FLOAT * shape.values) for shape in self.trained]),
            reduced=rounded(cards * part),
            part=rounded(part),
            last=rounded(FLOAT * self.trained[-1].values) if self.trained else 0,
        )


class UnitSizes(NamedTuple):
    """Bytes on a card.

    Attributes:
        whole: its whole parameters, each a tensor of its own.
        buffer: the buffer into which the parts of all cards are gathered.
        gradients: its whole gradients.
        reduced: the buffer from which they are reduced.
        part: the card's part of their sum, one tensor.
        last: its last gradient, which a variable of PyTorch's function holds until the reduction is done.

    """

    whole: int
    buffer: int
    gradients: int
    reduced: int
    part: int
    last: int


class Units(NamedTuple):
    """The units of a network.

    Attributes:
        root: what lies in no block; it is gathered first and stays so until the end.
        blocks: the blocks with parameters, in order.
        of_layer: for each layer the number of its block, from 1; 0 for the root. The loss is the layer after the last.

    """

    root: ShardUnit
    blocks: Sequence[ShardUnit]
    of_layer: Sequence[int]


def units_of(network: Network, trace: Trace, reached: bytearray, segments: Sequence[range]) -> Units:
    """Return the units of a network whose blocks are these ranges of layers.

    Raises:
        ArgumentError: where layers share weights, which could lie in two blocks.

    """
    if shared := next((node for node in network.layers if node.operation.shared), None):
        message = f"fsdp2 is not predicted for layers that share weights, as {shared.name} does"
        raise ArgumentError("bad-option", message, hints=["write --parallel ddp or zero1"])
    count = len(network.layers)
    shapes = [_shapes(node, part) for node, part in zip(network.layers, trace.parts, strict=True)]
    trained = _trained(trace, reached, count)
    of_layer = [0] * (count + 2)
    blocks: list[ShardUnit] = []
    for layers, ops in zip(segments, _ops_of_each(trace, segments), strict=True):
        if any(shapes[index - 1] for index in layers):
            of_layer[layers.start : layers.stop] = [len(blocks) + 1] * len(layers)
            blocks.append(_unit(layers, shapes, trained, passes_on=_passes_on(trace, ops)))
    outside = [index for index in range(1, count + 1) if not of_layer[index]]
    return Units(_unit(outside, shapes, trained, passes_on=False), blocks, of_layer)


def _unit(
    layers: Iterable[int], shapes: Sequence[list[Shape]], trained: Sequence[bool], *, passes_on: bool
) -> ShardUnit:
    own = [(shape, trained[index]) for index in layers for shape in shapes[index - 1]]
    return ShardUnit([shape for shape, _ in own], [shape for shape, learns in own if learns], passes_on)


def _shapes(node: Node, part: Part) -> list[Shape]:
    """Return the learned tensors of a layer; one whose shape the layer does not say may be cut anywhere."""
    if not part.parameters:
        return []
    state = node.layer.state(node.operation.sources)
    rows = {prod(tensor.shape): tensor.shape[0] for tensor in state if tensor.learned}
    return [Shape(values, rows.get(values, values)) for values in part.parameters]


def _trained(trace: Trace, reached: bytearray, count: int) -> list[bool]:
    """Return for each layer, from 1 on, whether its parameters get a gradient."""
    found = [False] * (count + 2)
    for op, number in enumerate(trace.ops):
        if reached[op + 1] and trace.distinct[number].learned:
            found[trace.layers[op]] = True
    return found


def sharded_ops(trace: Trace, segments: Sequence[range]) -> list[range]:
    """Return the places of the operations of each block with parameters, given blocks as ranges of layers."""
    every = zip(segments, _ops_of_each(trace, segments), strict=True)
    return [ops for layers, ops in every if any(trace.parts[index - 1].parameters for index in layers)]


def _ops_of_each(trace: Trace, segments: Sequence[range]) -> list[range]:
    """Return for each range of layers that of its operations, which may be empty."""
    layers = trace.layers
    return [range(bisect_left(layers, each.start), bisect_left(layers, each.stop)) for each in segments]


def _passes_on(trace: Trace, ops: range) -> bool:
    """Say whether one of these operations makes the gradient of a tensor that none of them has made."""
    entered = [
        op + 1 - back for op in ops for back in trace.distinct[trace.ops[op]].wants if op + 1 - back <= ops.start
    ]
    return any(trace.value(tensor).has_gradient for tensor in entered)

"""Calls of a block that are alike: what the first of them made, so that the others need not be walked through again.

Two calls are alike where the block, the values of its parameters, the parameters of the spec that it uses and the
volume that arrives are the same. Then their layers differ in names and places alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.network.node import Node, Operation
from cnncalc.spec import tree
from cnncalc.spec.names import NamesOfBlocks

_FEW = 32
"""So many parameters of a spec are few."""


class BlockCall(NamedTuple):
    """A call of a block.

    Attributes:
        name: its name in the names of layers: ``project1``.
        block, written: what is called, and how the spec writes it.
        arguments: the values of the block's parameters.

    """

    name: str
    block: tree.BlockSyntax
    written: tree.CallSyntax
    arguments: Mapping[str, int]

    @property
    def text(self) -> str:
        """How it is called, with the values of its arguments: ``project(128, stride=2)``."""
        values = [
            str(self.arguments[self.block.parameters[place].name])
            if argument.name is None
            else f"{argument.name}={self.arguments[argument.name]}"
            for place, argument in enumerate(self.written.arguments)
        ]
        return f"{self.block.name}({', '.join(values)})"


CallKey = tuple[str, tuple[int | None, ...], Volume, str, Span | None, tuple[str, ...], int]
"""What a call of a block depends on: calls with the same key are alike.

It is the block's name; the values of its parameters, then those of the spec's that it uses (or all, where these are
few); the volume that arrives; what rounding holds where a layer says nothing else; where the spec calls a block of
another text; the blocks that are being called; and how deep in brackets and calls it stands.
"""


class KnownCall(NamedTuple):
    """What a call made: a stretch of the layers, and of the calls, of the network that it belongs to.

    Attributes:
        nodes, calls: all layers and calls of that network, which grow at their end only.
        layers, inner: the stretches that are this call's.
        operations: what these layers do.
        prefix: the length of what stands in front of the names in it.
        leaving: the index of the volume that leaves.

    """

    nodes: list[Node]
    calls: list[BlockCall]
    layers: range
    inner: range
    operations: list[Operation]
    prefix: int
    leaving: int

    def layers_again(self, index: int, arriving: int, prefix: str) -> list[Node]:
        """Return the layers of a call that is alike.

        Args:
            index: the index of the layer in front of them.
            arriving: that of the volume that arrives.
            prefix: what stands in front of their names.

        """
        start, cut = self.layers.start, self.prefix
        shift = index - start
        found = []
        for node in self.nodes[start : self.layers.stop]:
            inputs = node.inputs
            if len(inputs) == 1:  # what lies in front of the call's own layers is what arrives
                moved: tuple[int, ...] = (inputs[0] + shift if inputs[0] > start else arriving,)
            else:
                moved = tuple([each + shift if each > start else arriving for each in inputs])
            name = prefix + node.name[cut:]
            found.append(Node(node.index + shift, name, node.operation, moved, node.span, node.origin))
        return found

    def calls_again(self, prefix: str) -> list[BlockCall]:
        """Return the calls inside of a call that is alike."""
        inner = self.calls[self.inner.start : self.inner.stop]
        return [call._replace(name=prefix + call.name[self.prefix :]) for call in inner]

    def leaving_again(self, index: int, arriving: int) -> int:
        """Return the index of the volume that leaves a call that is alike."""
        return self.leaving + index - self.layers.start if self.leaving > self.layers.start else arriving


class CallMemory(dict[CallKey, KnownCall]):
    """What is known of calls; it serves networks of the same syntax tree.

    Of one network all parameters of the spec are the same, so that it need not be known which of them a block uses.
    """

    def __init__(self, spec: tree.Spec, *, several: bool) -> None:
        super().__init__()
        parameters = [statement for statement in spec.statements if type(statement) is tree.ParameterSyntax]
        self.names = NamesOfBlocks(spec) if several or len(parameters) > _FEW else None

    def values_for(
        self, block: tree.BlockSyntax, own: Mapping[str, int], parameters: Mapping[str, int]
    ) -> tuple[int | None, ...]:
        """Return the values of a block's parameters, and those of the spec's that what it makes depends on."""
        if self.names is None:
            return (*own.values(), *parameters.values())
        return (*own.values(), *[parameters.get(name) for name in self.names.of(block.name)])

"""The layers that an expansion makes. Calls that repeat an earlier one become layers when they are first read.

Totals and volumes need what layers do and not where they stand, and most of a deep network repeats itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from cnncalc.core.collector import paused_collector
from cnncalc.core.source import Span
from cnncalc.network.node import Node, Operation
from cnncalc.network.repeated_calls import BlockCall, KnownCall


class Repetition(NamedTuple):
    """Calls in a row that are like one before them.

    Attributes:
        known: what that one made.
        layers, calls: how many layers and calls stand in front of what the first of them makes.
        arriving: the index of the volume that arrives at it.
        prefixes: for each of them, what stands in front of the names in it.

    """

    known: KnownCall
    layers: int
    calls: int
    arriving: int
    prefixes: list[str]

    def make(self, nodes: list[Node], calls: list[BlockCall]) -> None:
        """Put the layers, and the calls with those inside of them, into their places."""
        known, index, inside, arriving = self.known, self.layers, self.calls, self.arriving
        for prefix in self.prefixes:
            made, inner = known.layers_again(index, arriving, prefix), known.calls_again(prefix)
            nodes[index : index + len(made)] = made
            calls[inside - 1] = calls[inside - 1]._replace(name=prefix[:-1])  # without the dot
            calls[inside : inside + len(inner)] = inner
            arriving = known.leaving_again(index, arriving)
            index += len(made)
            inside += len(inner) + 1  # the call itself stands in front of those in it


class MadeLayers:
    """The layers and the calls of a network, in execution order.

    Attributes:
        operations: what the layers do.

    """

    def __init__(
        self,
        nodes: list[Node],
        operations: Sequence[Operation],
        calls: list[BlockCall] | None = None,
        repetitions: list[Repetition] | None = None,
    ) -> None:
        """Take lists of layers and calls, into which what ``repetitions`` make is put when it is asked for."""
        self.operations = operations
        self._nodes, self._calls = nodes, calls or []
        self._repetitions = repetitions or []

    @cached_property
    def kinds(self) -> Counter[Operation]:
        """How many layers do the same on equal volumes, of which a deep network has many."""
        return Counter(self.operations)

    @classmethod
    def of(cls, nodes: Iterable[Node], calls: Iterable[BlockCall] = ()) -> MadeLayers:
        """Return layers and calls that are all in their places."""
        every = list(nodes)
        return cls(every, [node.operation for node in every], list(calls))

    def nodes(self) -> tuple[Node, ...]:
        """Return the layers."""
        self.make()
        return tuple(self._nodes)

    def calls(self) -> tuple[BlockCall, ...]:
        """Return the calls of blocks."""
        self.make()
        return tuple(self._calls)

    def inputs(self) -> Sequence[tuple[int, ...]]:
        """Return the indices of what each layer reads."""
        return [node.inputs for node in self.nodes()]

    def make(self) -> None:
        """Put all that repeats into its place."""
        if self._repetitions:
            with paused_collector():
                for repetition in self._repetitions:  # in their order, since one may repeat what another has made
                    repetition.make(self._nodes, self._calls)
            self._repetitions.clear()


class UnnamedLayers(MadeLayers):
    """Layers without names and places in the text; they become nodes when they are first read."""

    def __init__(self, operations: Sequence[Operation], inputs: Sequence[tuple[int, ...]]) -> None:
        super().__init__([], operations)
        self._inputs = inputs

    def inputs(self) -> Sequence[tuple[int, ...]]:
        """Return the indices of what each layer reads."""
        return self._inputs

    def make(self) -> None:
        """Make nodes of the layers."""
        if not self._nodes:
            layers = enumerate(zip(self.operations, self._inputs, strict=True), 1)
            self._nodes = [Node(own, "", operation, read, _NOWHERE, _NOWHERE) for own, (operation, read) in layers]


_NOWHERE = Span(0, 0)

"""A layer in its place in a network, and what layers that are alike share."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from math import prod

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.layers import Layer, Reach, Sources


class Operation:
    """A layer with the volumes that it works on, and what it costs there.

    Layers that are written alike and read the same volumes share one operation, so that a network of
    many repeats is counted once for each kind of layer.

    Attributes:
        layer: what is done.
        written: how the spec writes it, with numbers in the place of expressions.
        sources: the volumes that are read, one for most layers and several for a merge.
        output: the volume that is made.
        values: numbers in that volume.
        weights, biases: numbers of learned parameters.
        macs: multiplications for one image.
        shared: the name of the weights that it has in common with other layers; "" where they are its own.
        again: whether its weights are those of an earlier layer, so that they are not counted here.

    """

    def __init__(self, layer: Layer, written: str, sources: Sources, output: Volume, shared: str = "") -> None:
        self.layer = layer
        self.written = written
        self.sources = sources
        self.output = output
        self.values = prod(output)
        self.weights = layer.weights(sources)
        self.biases = layer.biases(sources)
        self.macs = layer.macs(sources)
        self.shared = shared
        self.again = False

    @cached_property
    def reaches(self) -> tuple[Reach | None, ...]:
        """Which incoming units an outgoing one looks at, per dimension; () where it is the same one."""
        return self.layer.reaches(self.sources[0])

    def windows(self) -> int:
        """Return how many windows its reach has: so much is to be worked out, where they vary."""
        return sum([len(reach.windows) for reach in self.reaches if reach])

    @cached_property
    def dropped(self) -> tuple[int, ...]:
        """Rows, columns, … at the end of the input that no window reads, per dimension."""
        return self.layer.dropped(self.sources[0])

    def with_weights_of_another(self) -> Operation:
        """Return the same operation with weights that an earlier layer has."""
        found = copy(self)
        found.weights = found.biases = 0
        found.again = True
        return found


class Node:
    """One layer in its place in a network.

    Attributes:
        index: its number in execution order, from 1; 0 is the network's input.
        name: unique, and readable: labels and blocks joined by dots, such as ``project1.path1.conv2``.
        operation: what it does, on which volumes, at what cost.
        inputs: the indices that it reads from, one for each of its sources.
        span: where the spec writes it.
        origin: where its own text writes it: in a block file, where its block does so; else the span.

    """

    __slots__ = ("index", "inputs", "name", "operation", "origin", "span")

    def __init__(
        self, index: int, name: str, operation: Operation, inputs: tuple[int, ...], span: Span, origin: Span
    ) -> None:
        self.index = index
        self.name = name
        self.operation = operation
        self.inputs = inputs
        self.span = span
        self.origin = origin

    @property
    def layer(self) -> Layer:
        """What it does."""
        return self.operation.layer

    @property
    def written(self) -> str:
        """How the spec writes it, with numbers in the place of expressions."""
        return self.operation.written

    @property
    def sources(self) -> Sources:
        """The volumes that it reads."""
        return self.operation.sources

    @property
    def output(self) -> Volume:
        """The volume that it makes."""
        return self.operation.output

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.operation.weights

    @property
    def biases(self) -> int:
        """Number of biases (of shifts, for a normalisation)."""
        return self.operation.biases

    @property
    def params(self) -> int:
        """Number of learned parameters: weights and biases."""
        return self.operation.weights + self.operation.biases

    @property
    def macs(self) -> int:
        """Multiplications for one image."""
        return self.operation.macs

    @property
    def dropped(self) -> tuple[int, ...]:
        """Rows, columns, … at the end of the input that no window reads, per dimension."""
        return self.operation.dropped

    def __repr__(self) -> str:
        return f"<{self.index} {self.name}: {self.written} → {self.output}>"

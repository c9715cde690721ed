"""A network: the expanded graph of a spec, in execution order."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from cnncalc.core.errors import Note
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.layers import Layer, Sources


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
        dropped: rows, columns, … at the end of the input that no window reads, per dimension.
        reaches: which incoming units an outgoing one looks at, per dimension; () where it is the same one.
        shared: the name of the weights that it has in common with other layers; "" where they are its own.
        again: whether its weights are those of an earlier layer, so that they are not counted here.

    """

    __slots__ = (
        *("again", "biases", "dropped", "layer", "macs", "output", "reaches", "shared", "sources", "values"),
        *("weights", "written"),
    )

    def __init__(self, layer: Layer, written: str, sources: Sources, output: Volume, shared: str = "") -> None:
        self.layer = layer
        self.written = written
        self.sources = sources
        self.output = output
        self.values = prod(output)
        self.weights = layer.weights(sources)
        self.biases = layer.biases(sources)
        self.macs = layer.macs(sources)
        self.dropped = layer.dropped(sources[0])
        reaches = tuple([layer.reach(sources[0], axis) for axis in range(sources[0].dimensions)])
        self.reaches = reaches if any(reaches) else ()
        self.shared = shared
        self.again = False

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


@dataclass(frozen=True)
class Network:
    """The layers of a spec in execution order, from an input volume to an output volume.

    Attributes:
        input: the volume that goes in; of several the first one's.
        layers: the nodes, in an order in which they can be computed.
        output: the volume that comes out.
        output_index: the index of the layer that makes it (0 for a network that passes its input on); of several the
            first one's.
        rounding: what holds where a layer says nothing else: strict, floor or ceil.
        parameters: the spec's named numbers, as they were used.
        blocks: every call of a block by its name in the names of layers: ``project1`` → ``project(64)``.
        arguments: the values of a block's parameters in every call, by the same names.
        source: the text.
        notes: what is worth telling about the spec.
        outputs_at: the indices of several outputs, in their order; () for a network that has one.
        output_names: the labels of these.
        inputs_at: the indices of several inputs, in their order, which are layers of the kind ``input``; () for a
            network that has one.
        input_names: the names of these.
        weights_of: for every layer whose weights are those of an earlier one, the index of that.

    """

    input: Volume
    layers: tuple[Node, ...]
    output_index: int
    rounding: str
    source: Source
    parameters: Mapping[str, int] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    weights_of: Mapping[int, int] = field(default_factory=dict)
    outputs_at: tuple[int, ...] = ()
    output_names: tuple[str, ...] = ()
    inputs_at: tuple[int, ...] = ()
    input_names: tuple[str, ...] = ()

    @property
    def starts(self) -> tuple[int, ...]:
        """The indices of all inputs."""
        return self.inputs_at or (0,)

    @property
    def inputs(self) -> tuple[Volume, ...]:
        """The volumes that go in, one or several."""
        return tuple([self.layers[index - 1].output if index else self.input for index in self.starts])

    @property
    def inputs_text(self) -> str:
        """The volumes that go in, with their names where there are several: ``left 64x64x3, right 64x64x3``."""
        return _named_volumes(self.input_names, self.inputs)

    @cached_property
    def input_values(self) -> int:
        """Values of all inputs, for one image."""
        return sum([volume.values for volume in self.inputs])

    @property
    def ends(self) -> tuple[int, ...]:
        """The indices of all outputs."""
        return self.outputs_at or (self.output_index,)

    @property
    def outputs(self) -> tuple[Volume, ...]:
        """The volumes that come out, one or several."""
        return tuple([self.layers[index - 1].output if index else self.input for index in self.ends])

    @property
    def output(self) -> Volume:
        """The volume that comes out; of several the first."""
        return self.layers[self.output_index - 1].output if self.output_index else self.input

    @property
    def outputs_text(self) -> str:
        """The volumes that come out, with their labels where there are several: ``p3 8x8x4, p4 4x4x4``."""
        return _named_volumes(self.output_names, self.outputs)

    @cached_property
    def places_read(self) -> frozenset[int]:
        """The indices of the max pools of which another layer reads where they took their values."""
        return frozenset([node.inputs[1] for node in self.layers if node.operation.layer.reads_places])

    @cached_property
    def params(self) -> int:
        """Number of learned parameters: weights and biases."""
        return self.weights + self.biases

    @cached_property
    def weights(self) -> int:
        """Number of weights."""
        return sum([node.operation.weights for node in self.layers])

    @cached_property
    def biases(self) -> int:
        """Number of biases (of shifts, for normalisations)."""
        return sum([node.operation.biases for node in self.layers])

    @cached_property
    def macs(self) -> int:
        """Multiplications for one image."""
        return sum([node.operation.macs for node in self.layers])

    @cached_property
    def activations(self) -> int:
        """Values in the inputs and in the output of every layer, for one image."""
        return (0 if self.inputs_at else self.input.values) + sum([node.operation.values for node in self.layers])

    @property
    def size(self) -> int:
        """Number of layers without the inputs."""
        return len(self.layers) - len(self.inputs_at)

    def line(self, node: Node) -> int:
        """Return the line of the spec that writes a layer."""
        return self.source.line(node.span.start)

    def lines(self) -> list[int]:
        """Return the line of every layer, in one pass over the text."""
        starts = [0, *(match.end() for match in re.finditer("\n", self.source.text))]
        return [bisect_right(starts, node.span.start) for node in self.layers]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return f"<Network {self.source.name}: {self.inputs_text} → {self.outputs_text}, {self.size} layers>"


def _named_volumes(names: tuple[str, ...], volumes: tuple[Volume, ...]) -> str:
    if not names:
        return str(volumes[0])
    return ", ".join([f"{name} {volume}" for name, volume in zip(names, volumes, strict=True)])


class Reached(NamedTuple):
    """How far an expansion came before it met a fault.

    Attributes:
        network: the layers in front of the fault.
        inputs: the indices of the volumes that arrive there (0 for the input).
        changes: for a volume of a wrong size, by how much smaller and by how much larger it must be, per dimension.

    """

    network: Network
    inputs: tuple[int, ...]
    changes: tuple[tuple[int, int], ...]

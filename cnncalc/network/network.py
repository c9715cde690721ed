"""A network: the expanded graph of a spec, in execution order."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cnncalc.core.errors import Note
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.network.made_layers import MadeLayers
from cnncalc.network.node import Node


@dataclass(frozen=True, eq=False)
class Network:
    """The layers of a spec in execution order, from an input volume to an output volume.

    Attributes:
        input: the volume that goes in; of several the first one's.
        made: its layers and its calls of blocks, as the expansion made them.
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
    made: MadeLayers
    output_index: int
    rounding: str
    source: Source
    parameters: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    weights_of: Mapping[int, int] = field(default_factory=dict)
    outputs_at: tuple[int, ...] = ()
    output_names: tuple[str, ...] = ()
    inputs_at: tuple[int, ...] = ()
    input_names: tuple[str, ...] = ()

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """The nodes, in an order in which they can be computed."""
        return self.made.nodes()

    @cached_property
    def blocks(self) -> Mapping[str, str]:
        """Every call of a block by its name in the names of layers: ``project1`` → ``project(64)``."""
        return {call.name: call.text for call in self.made.calls()}

    @cached_property
    def arguments(self) -> Mapping[str, Mapping[str, int]]:
        """The values of a block's parameters in every call, by the same names."""
        return {call.name: call.arguments for call in self.made.calls()}

    @property
    def starts(self) -> tuple[int, ...]:
        """The indices of all inputs."""
        return self.inputs_at or (0,)

    @property
    def inputs(self) -> tuple[Volume, ...]:
        """The volumes that go in, one or several."""
        return tuple([self._volume(index) for index in self.starts])

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
        return tuple([self._volume(index) for index in self.ends])

    @property
    def output(self) -> Volume:
        """The volume that comes out; of several the first."""
        return self._volume(self.output_index)

    @property
    def outputs_text(self) -> str:
        """The volumes that come out, with their labels where there are several: ``p3 8x8x4, p4 4x4x4``."""
        return _named_volumes(self.output_names, self.outputs)

    @cached_property
    def places_read(self) -> frozenset[int]:
        """The indices of the max pools of which another layer reads where they took their values."""
        if not any(each.layer.reads_places for each in self.made.kinds):
            return frozenset()  # as of most
        return frozenset([node.inputs[1] for node in self.layers if node.operation.layer.reads_places])

    @cached_property
    def params(self) -> int:
        """Number of learned parameters: weights and biases."""
        return self.weights + self.biases

    @cached_property
    def weights(self) -> int:
        """Number of weights."""
        return sum([count * each.weights for each, count in self.made.kinds.items()])

    @cached_property
    def biases(self) -> int:
        """Number of biases (of shifts, for normalisations)."""
        return sum([count * each.biases for each, count in self.made.kinds.items()])

    @cached_property
    def macs(self) -> int:
        """Multiplications for one image."""
        return sum([count * each.macs for each, count in self.made.kinds.items()])

    @cached_property
    def activations(self) -> int:
        """Values in the inputs and in the output of every layer, for one image."""
        inputs = 0 if self.inputs_at else self.input.values  # several are layers
        return inputs + sum([count * each.values for each, count in self.made.kinds.items()])

    @property
    def size(self) -> int:
        """Number of layers without the inputs."""
        return len(self) - len(self.inputs_at)

    def _volume(self, index: int) -> Volume:
        """Return the volume that a layer makes; 0 is the input."""
        return self.made.operations[index - 1].output if index else self.input

    def line(self, node: Node) -> int:
        """Return the line of the spec that writes a layer."""
        return self.source.line(node.span.start)

    def lines(self) -> list[int]:
        """Return the line of every layer, in one pass over the text."""
        starts = [0, *(match.end() for match in re.finditer("\n", self.source.text))]
        return [bisect_right(starts, node.span.start) for node in self.layers]

    def __len__(self) -> int:
        return len(self.made.operations)

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

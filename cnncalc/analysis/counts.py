"""Counts over a network, and what they mean.

Units: MACs are multiplications of convolutions, transposed convolutions and fully connected layers for
one image; a bias is not one, and other layers count 0. Activation bytes are those of the outputs of all
layers for the whole batch. Parameters are weights and biases.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from cnncalc.analysis.receptive import Fields, receptive_fields
from cnncalc.analysis.validation import check_choice, check_network, check_whole
from cnncalc.core.collector import paused_collector
from cnncalc.core.precision import BYTES, SPELLINGS, STORED
from cnncalc.network import Network, Node, Operation


class LayerCounts(NamedTuple):
    """What is counted for one layer beside what its node knows already.

    Attributes:
        node: the layer, with its parameters and MACs.
        line: the line of the spec that writes it.
        activation_bytes: bytes of its output, for the whole batch.
        field: the receptive field per dimension; None where it is not known. Of several inputs it is that in the first
            one of which the layer sees anything.
        outgrown: whether it looks for patterns in units that have all seen the whole input already.
        fields: of several inputs, the receptive field in each of which the layer sees anything, with its name.

    """

    node: Node
    line: int
    activation_bytes: int
    field: Fields
    outgrown: bool
    fields: tuple[tuple[str, Fields], ...] = ()


class Counts(NamedTuple):
    """What is counted for a network: a row per layer, and the totals.

    Attributes:
        network: what was counted.
        precision, batch: of what the bytes were counted.
        rows: one per layer, in execution order.

    """

    network: Network
    precision: str
    batch: int
    rows: tuple[LayerCounts, ...]

    @property
    def output_row(self) -> LayerCounts | None:
        """The row of the layer whose output is the network's; None for a network that passes its input on."""
        index = self.network.output_index
        return self.rows[index - 1] if index else None

    @property
    def bytes_per_value(self) -> int:
        """Bytes of one value."""
        return BYTES[self.precision]

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs, for the whole batch."""
        return self.network.input_values * self.batch * self.bytes_per_value

    @property
    def activation_bytes(self) -> int:
        """Bytes of the inputs and of every layer's output, for the whole batch."""
        return self.network.activations * self.batch * self.bytes_per_value

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the parameters."""
        return self.network.params * self.bytes_per_value


def count(network: Network, *, precision: str = "float32", batch: int = 1, dtype: str | None = None) -> Counts:
    """Count everything that a table of layers shows, in time linear in the number of layers.

    Args:
        network: what is counted.
        precision: of the values whose bytes are counted: ``float64``, ``float32``, ``bf16``, ``fp16`` or ``int8``.
        batch: the number of images whose activations are counted.
        dtype: another name for the precision.

    Raises:
        ArgumentError: for a precision that there is not, and for a batch that is no whole number from 1.

    """
    check_network(network)
    precision = precision if dtype is None else dtype
    precision = SPELLINGS.get(precision, precision)
    check_choice("precision", precision, STORED)
    batch = check_whole("batch", batch)
    with paused_collector():
        return Counts(network, precision, batch, tuple(_rows(network, BYTES[precision] * batch)))


def _rows(network: Network, bytes_per_value: int) -> Iterator[LayerCounts]:
    if network.inputs_at:
        yield from _rows_of_several(network, bytes_per_value)
        return
    fields = receptive_fields(network)
    spatial = network.input.spatial
    known: dict[Operation, tuple[int, bool]] = {}  # what layers that are alike share
    for node, line in zip(network.layers, network.lines(), strict=True):
        operation = node.operation
        if operation not in known:
            known[operation] = prod(operation.output) * bytes_per_value, operation.layer.looks_around()
        size, looks_around = known[operation]
        outgrown = looks_around and _outgrown(fields[node.inputs[0]], spatial)
        yield LayerCounts(node, line, size, fields[node.index], outgrown)


def _rows_of_several(network: Network, bytes_per_value: int) -> Iterator[LayerCounts]:
    """Count the layers of a network with several inputs, with a receptive field in each."""
    every = [receptive_fields(network, start) for start in network.starts]
    sizes = [volume.spatial for volume in network.inputs]
    for node, line in zip(network.layers, network.lines(), strict=True):
        named = [(name, own[node.index]) for name, own in zip(network.input_names, every, strict=True)]
        fields = tuple([pair for pair in named if pair[1]])
        arriving = [(own[node.inputs[0]], spatial) for own, spatial in zip(every, sizes, strict=True)]
        seen = [pair for pair in arriving if pair[0]]
        outgrown = bool(seen) and node.layer.looks_around() and all(_outgrown(*pair) for pair in seen)
        yield LayerCounts(node, line, node.output.values * bytes_per_value, fields[0][1], outgrown, fields)


def _outgrown(arriving: Fields, spatial: tuple[int, ...]) -> bool:
    """Say whether every arriving unit has seen the whole input, so that looking around adds nothing.

    Richter et al., "(Input) Size Matters for CNN Classifiers", ICANN 2021, call such layers unproductive.
    """
    return all(field is not None and field.size > size for field, size in zip(arriving, spatial, strict=True))

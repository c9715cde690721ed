"""Where gradient checkpointing cuts a network: what is computed again in the backward pass instead of being kept.

The prediction and the module that runs (`cnncalc.model.checkpointing`) read the same segments. Chen et al., "Training
Deep Nets with Sublinear Memory Cost", 2016: of n layers in a chain, √n segments need the least.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isqrt

from cnncalc.analysis.memory.lifetimes import entering
from cnncalc.analysis.memory.recording import record
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Trace
from cnncalc.analysis.overwriting import overwritable
from cnncalc.network import Network, Node

DEEPEST = 4
"""How deep in nested blocks segments are looked for."""


def segments(
    network: Network, trace: Trace | None = None, overwriting: frozenset[int] | None = None
) -> tuple[range, ...]:
    """Return the segments as ranges of the layers' indices, in order; () where nothing would be gained.

    ``trace`` is that of the network's training in float32, and ``overwriting`` are the layers that may write over
    their input, where they are there already.

    Segments are the blocks of the spec, at the depth of nesting that needs the least memory. Without blocks they are
    about √n stretches of the network's chain. Layers that lie in none are run as they are.
    """
    overwriting = overwritable(network) if overwriting is None else overwriting
    trace = trace or record(network, TrainingSetup(), overwriting=overwriting)
    kept = _Kept(trace)
    names = [node.name for node in network.layers if "." in node.name]
    candidates = [list(_blocks(network, depth)) for depth in range(1, DEEPEST + 1)] if names else []
    if not any(candidates):
        candidates = [_stretches(network, kept, overwriting)]
    trimmed = [tuple(_trimmed(network, ranges, overwriting)) for ranges in candidates]
    return min([(), *trimmed], key=kept.needed)


def ops_of(trace: Trace, layers: Sequence[range]) -> list[range]:
    """Return segments of layers as ranges of the places of their operations on a trace."""
    found = [
        range(bisect_left(trace.layers, segment.start), bisect_left(trace.layers, segment.stop)) for segment in layers
    ]
    return [ops for ops in found if ops]


class _Kept:
    """What the operations of a trace keep for one image."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.keeps = [op.keeps for op in trace.distinct]
        self.beside = [sum([size.per_image for size in op.kept_beside]) for op in trace.distinct]
        made = [op.makes.per_image if op.makes is not None else 0 for op in trace.distinct]
        self.sizes = [0, *[made[number] for number in trace.ops]]
        for tensor, size in trace.inputs.items():
            self.sizes[tensor] = size.per_image

    def needed(self, layers: Sequence[range]) -> int:
        """Return the bytes that segments leave to be kept, with those of the largest one computed again."""
        trace, sizes = self.trace, self.sizes
        kept, again = bytearray(len(trace.roots)), bytearray(len(trace.roots))
        largest = total = at = 0
        for ops in ops_of(trace, layers):
            total += self._saved(range(at, ops.start), kept)
            for root in entering(trace, ops):
                total += 0 if kept[root] else sizes[root]
                kept[root] = True
            largest = max(largest, self._saved(ops, again, ops.start + 1))
            at = ops.stop
        return largest + total + self._saved(range(at, len(trace.ops)), kept)

    def _saved(self, ops: range, known: bytearray, least: int = 0) -> int:
        """Return the bytes of the tensors from a first one on that operations keep, unless they are known."""
        numbers, roots, sizes = self.trace.ops, self.trace.roots, self.sizes
        total = 0
        for op in ops:
            number = numbers[op]
            total += self.beside[number]
            for back in self.keeps[number]:
                root = roots[op + 1 - back]
                if root >= least and not known[root]:
                    known[root] = True
                    total += sizes[root]
        return total

    def by_layer(self, count: int) -> list[int]:
        """Return the bytes that each layer keeps, what two keep for both; the input comes first and the loss last."""
        trace, sizes = self.trace, self.sizes
        saved = [0] * (count + 2)
        for op, (number, layer) in enumerate(zip(trace.ops, trace.layers, strict=True), 1):
            size = self.beside[number]
            for back in self.keeps[number]:
                size += sizes[trace.roots[op - back]]
            saved[layer] += size
        return saved


def _blocks(network: Network, depth: int) -> Iterator[range]:
    """Yield the layers of each block that nests this deep."""
    inside: tuple[str, ...] = ()
    start = 0
    for node in [*network.layers, None]:
        path = _path(node, depth)
        if path != inside:
            index = len(network.layers) + 1 if node is None else node.index
            if inside:
                yield range(start, index)
            inside, start = path, index


def _path(node: Node | None, depth: int) -> tuple[str, ...]:
    """Return the names of the blocks around a layer down to a depth; () where it lies less deep."""
    parts = node.name.split(".") if node is not None else []
    return tuple(parts[:depth]) if len(parts) > depth else ()


def _stretches(network: Network, kept: _Kept, overwriting: frozenset[int]) -> list[range]:
    """Return about √n stretches that keep alike, cut where a single tensor goes from one side to the other."""
    count = len(network.layers)
    saved = kept.by_layer(count)
    wanted = max(1, isqrt(count))
    share = sum(saved) / wanted
    cuts, held = [1], 0
    alive = _alive(network)
    for index in range(1, count):
        held += saved[index]
        if held >= share and alive[index] == 1 and index + 1 not in overwriting:
            cuts.append(index + 1)
            held = 0
    return [range(start, stop) for start, stop in zip(cuts, [*cuts[1:], count + 1], strict=True)]


def _alive(network: Network) -> list[int]:
    """Return how many tensors are read behind each layer that were made up to it."""
    count = len(network.layers)
    last = list(range(count + 1))
    for node in network.layers:
        for index in node.inputs:
            last[index] = node.index
    for index in network.ends:
        last[index] = count + 1
    changes = [0] * (count + 2)
    for index, reader in enumerate(last):
        if reader > index:
            changes[index] += 1
            changes[reader] -= 1
    total, alive = 0, []
    for change in changes:
        total += change
        alive.append(total)
    return alive


def _without(ranges: Sequence[range], inputs: Sequence[int]) -> Iterator[range]:
    """Yield ranges, cut where an input lies."""
    for layers in ranges:
        start = layers.start
        for index in sorted(set(inputs).intersection(layers)):
            yield range(start, index)
            start = index + 1
        yield range(start, layers.stop)


def _trimmed(network: Network, ranges: Sequence[range], overwriting: frozenset[int]) -> Iterator[range]:
    """Yield segments that write over nothing from outside, which could not be computed again; and not tiny ones.

    No input lies in one, since what is given is not computed.
    """
    for layers in _without(ranges, network.inputs_at):
        start = layers.start
        for index in layers:
            node = network.layers[index - 1]
            if index in overwriting and node.inputs[0] < start:
                start = index + 1
        if layers.stop - start > 1:
            yield range(start, layers.stop)

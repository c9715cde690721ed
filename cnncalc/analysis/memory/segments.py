"""Where gradient checkpointing cuts a network: what is computed again in the backward pass instead of being kept.

The prediction and the module that runs (`cnncalc.model.checkpointing`) read the same segments. Chen et al., "Training
Deep Nets with Sublinear Memory Cost", 2016: of n layers in a chain, √n segments need the least.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isqrt

from cnncalc.analysis.memory.lifetimes import entering
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Op, Size, Trace, record
from cnncalc.analysis.overwriting import overwritable
from cnncalc.network import Network, Node

DEEPEST = 4
"""How deep in nested blocks segments are looked for."""


def segments(network: Network, trace: Trace | None = None) -> tuple[range, ...]:
    """Return the segments as ranges of the layers' indices, in order; () where nothing would be gained.

    ``trace`` is that of the network's training in float32, where it is there already.

    Segments are the blocks of the spec, at the depth of nesting that needs the least memory. Without blocks they are
    about √n stretches of the network's chain. Layers that lie in none are run as they are.
    """
    trace = trace or record(network, TrainingSetup())
    overwriting = overwritable(network)
    candidates = [list(_blocks(network, depth)) for depth in range(1, DEEPEST + 1)]
    if not candidates[0]:
        candidates = [_stretches(network, trace, overwriting)]
    trimmed = [tuple(_trimmed(network, ranges, overwriting)) for ranges in candidates]
    best = min(trimmed, key=lambda ranges: needed(trace, ranges))
    return best if needed(trace, best) < needed(trace, ()) else ()


def ops_of(trace: Trace, layers: Sequence[range]) -> list[range]:
    """Return segments of layers as ranges of the places of their operations on a trace."""
    found = [
        range(bisect_left(trace.layers, segment.start), bisect_left(trace.layers, segment.stop)) for segment in layers
    ]
    return [ops for ops in found if ops]


def needed(trace: Trace, layers: Sequence[range]) -> int:
    """Return the bytes for one image that segments leave to be kept, with those of the largest one computed again."""
    kept, again = bytearray(len(trace.roots)), bytearray(len(trace.roots))
    largest = total = at = 0
    for ops in ops_of(trace, layers):
        total += _saved(trace, range(at, ops.start), kept)
        for root in entering(trace, ops):
            total += 0 if kept[root] else trace.root_size(root).per_image
            kept[root] = True
        largest = max(largest, _saved(trace, ops, again, ops.start + 1))
        at = ops.stop
    return largest + total + _saved(trace, range(at, len(trace.ops)), kept)


def _saved(trace: Trace, ops: range, known: bytearray, least: int = 0) -> int:
    """Return the bytes for one image of the tensors from a first one on that operations keep, unless they are known."""
    total = 0
    for op in ops:
        made = trace.distinct[trace.ops[op]]
        if made.saves:
            total += sum([size.per_image for size in _beside(made)])
            for back in made.keeps:
                root = trace.roots[op + 1 - back]
                if root >= least and not known[root]:
                    known[root] = True
                    total += trace.root_size(root).per_image
    return total


def _beside(op: Op) -> tuple[Size, ...]:
    """Return the sizes of what an operation makes for its backward pass alone."""
    return (*op.beside, *op.cached[: op.keeps_cached]) if op.saves else ()


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


def _stretches(network: Network, trace: Trace, overwriting: frozenset[int]) -> list[range]:
    """Return about √n stretches that keep alike, cut where a single tensor goes from one side to the other."""
    count = len(network.layers)
    saved = [0] * (count + 2)  # the input's, each layer's and the loss's
    for op, number in enumerate(trace.ops):
        made = trace.distinct[number]
        kept = [trace.root_size(trace.roots[op + 1 - back]) for back in made.keeps]
        saved[trace.layers[op]] += sum([size.per_image for size in (*kept, *_beside(made))])
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
            last[index] = max(last[index], node.index)
    last[network.output_index] = count + 1
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


def _trimmed(network: Network, ranges: Sequence[range], overwriting: frozenset[int]) -> Iterator[range]:
    """Yield segments that write over nothing from outside, which could not be computed again; and not tiny ones."""
    for layers in ranges:
        start = layers.start
        for index in layers:
            node = network.layers[index - 1]
            if index in overwriting and node.inputs[0] < start:
                start = index + 1
        if layers.stop - start > 1:
            yield range(start, layers.stop)

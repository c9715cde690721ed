"""Where gradient checkpointing cuts a network: what is computed again in the backward pass instead of being kept.

The prediction and the module that runs (`cnncalc.model.checkpointing`) read the same segments. Chen et al., "Training
Deep Nets with Sublinear Memory Cost", 2016: of n layers in a chain, √n segments need the least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt

from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.tape import Tape, record
from cnncalc.analysis.overwriting import overwritable
from cnncalc.network import Network, Node

DEEPEST = 4
"""How deep in nested blocks segments are looked for."""


def segments(network: Network, tape: Tape | None = None) -> tuple[range, ...]:
    """Return the segments as ranges of the layers' indices, in order; () where nothing would be gained.

    ``tape`` is that of the network's training in float32, where it is there already.

    Segments are the blocks of the spec, at the depth of nesting that needs the least memory. Without blocks they are
    about √n stretches of the network's chain. Layers that lie in none are run as they are.
    """
    tape = tape or record(network, TrainingSetup())
    overwriting = overwritable(network)
    candidates = [list(_blocks(network, depth)) for depth in range(1, DEEPEST + 1)]
    if not candidates[0]:
        candidates = [_stretches(network, tape, overwriting)]
    trimmed = [tuple(_trimmed(network, ranges, overwriting)) for ranges in candidates]
    best = min(trimmed, key=lambda ranges: needed(tape, ranges))
    return best if needed(tape, best) < needed(tape, ()) else ()


def ops_of(tape: Tape, layers: Sequence[range]) -> list[range]:
    """Return segments of layers as ranges of the places of their operations on a tape."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, op in enumerate(tape.ops):
        first.setdefault(op.layer, number)
        last[op.layer] = number + 1
    found = []
    for segment in layers:
        places = [layer for layer in segment if layer in first]
        if places:
            found.append(range(first[places[0]], last[places[-1]]))
    return found


def needed(tape: Tape, layers: Sequence[range]) -> int:
    """Return the bytes for one image that segments leave to be kept, with those of the largest one computed again."""
    kept: set[int] = set()
    largest = at = 0
    for ops in ops_of(tape, layers):
        kept.update([storage for op in tape.ops[at : ops.start] for storage in op.keeps])
        made = {storage for op in tape.ops[ops.start : ops.stop] for storage in op.makes}
        read = {tape.values[value].storage for op in tape.ops[ops.start : ops.stop] for value in op.reads}
        kept |= read - made
        again = {storage for op in tape.ops[ops.start : ops.stop] for storage in op.keeps} & made
        largest = max(largest, sum([tape.storages[storage].per_image for storage in again]))
        at = ops.stop
    kept.update([storage for op in tape.ops[at:] for storage in op.keeps])
    return largest + sum([tape.storages[storage].per_image for storage in kept])


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


def _stretches(network: Network, tape: Tape, overwriting: frozenset[int]) -> list[range]:
    """Return about √n stretches that keep alike, cut where a single tensor goes from one side to the other."""
    count = len(network.layers)
    saved = [0] * (count + 2)  # the input's, each layer's and the loss's
    for op in tape.ops:
        saved[op.layer] += sum([tape.storages[storage].per_image for storage in op.keeps])
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

"""What would lower the arena: another order of the operators, operators in place, and the first layers by patches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from cnncalc.microcontrollers.arena import head_of, lives_of, placed, scratch_of
from cnncalc.microcontrollers.graph import Graph, Operator, TfliteTensor
from cnncalc.microcontrollers.operators import KERNELS
from cnncalc.microcontrollers.ordering import best_order

PATCHES = (2, 3, 4)
"""Into how many patches the rows and the columns are cut."""

MOST_BY_PATCHES = 48
"""How many of the first operators may be computed by patches."""


class ArenaAdvice(NamedTuple):
    """A change.

    Attributes:
        change: what it is: ``order``, ``in place`` or ``patches``.
        effect: what is done, for people.
        head: bytes of tensors and scratch buffers after it.
        operators: for another order, the layers in it.

    """

    change: str
    effect: str
    head: int
    operators: tuple[str, ...] = ()


def arena_advice(graph: Graph, head: int) -> list[ArenaAdvice]:
    """Return what would lower the head of the arena, the best first."""
    found = [_other_order(graph), _in_place(graph), *_by_patches(graph)]
    return sorted([each for each in found if each.head < head], key=lambda each: each.head)


def _in_place(graph: Graph) -> ArenaAdvice:
    lives = lives_of(graph, scratch_of(graph), in_place=True)
    effect = "activations, sums and reshapes write over what they read, which this interpreter does not do"
    return ArenaAdvice("in place", effect, head_of(placed(lives)))


def _other_order(graph: Graph) -> ArenaAdvice:
    ordered = Graph(graph.inputs, best_order(graph), graph.outputs)
    layers = tuple(dict.fromkeys(operator.layer for operator in ordered.operators))
    effect = "branches in another order; the converter's is that of the names of their first layers"
    return ArenaAdvice("order", effect, head_of(placed(lives_of(ordered, scratch_of(ordered)))), layers)


def _by_patches(graph: Graph) -> list[ArenaAdvice]:
    """Cut the first layers, which follow each other in a chain, into patches with as much around them as is read."""
    chain = list(islice(_chain(graph), MOST_BY_PATCHES))
    if len(chain) < 2:
        return []
    alive = [0] * (len(graph.operators) + 2)
    for each in lives_of(graph, scratch_of(graph)):
        for step in range(each.first, each.last + 1):
            alive[step] += each.aligned
    behind = list(accumulate(reversed(alive), max))[::-1]  # what is alive at most from a step on
    _, count, patches = min(
        (max(behind[count + 1], _while_by_patches(chain[:count], patches)), count, patches)
        for count in range(2, len(chain) + 1)
        for patches in PATCHES
    )
    rest = Graph([chain[count - 1].output], graph.operators[count:], graph.outputs)
    planned = head_of(placed(lives_of(rest, scratch_of(rest))))
    effect = f"{chain[0].layer} to {chain[count - 1].layer} in {patches}x{patches} patches, as MCUNetV2 does"
    return [ArenaAdvice("patches", effect, max(planned, _while_by_patches(chain[:count], patches)))]


def _chain(graph: Graph) -> Iterator[Operator]:
    """Yield the operators that follow the input one after the other, each the only reader of the one before."""
    readers: dict[int, int] = {}
    for operator in graph.operators:
        for tensor in operator.inputs:
            readers[id(tensor)] = readers.get(id(tensor), 0) + 1
    if len(graph.inputs) != 1:
        return
    at: TfliteTensor = graph.inputs[0]
    for operator in graph.operators:
        reads = [tensor for tensor in operator.inputs if not tensor.constant]
        if not _by_positions(operator) or reads != [at] or readers[id(at)] != 1 or len(at.shape) != 4:
            return
        yield operator
        at = operator.output


def _by_positions(operator: Operator) -> bool:
    """Say whether an operator makes each position of what it reads around that position."""
    alike = KERNELS[operator.kind].in_place and operator.output.shape == operator.inputs[0].shape
    return alike or bool(operator.window)


def _while_by_patches(chain: Sequence[Operator], patches: int) -> int:
    """Return the bytes while patches are computed: all of the input and of the output, and the two largest patches."""
    first, last = chain[0].inputs[0], chain[-1].output
    sizes = [-(-size // patches) for size in last.shape[1:3]]
    parts = [0]  # what is written straight into the whole output needs no patch
    for operator in reversed(chain[1:]):
        source = operator.inputs[0]
        kernel, stride = operator.window or ((1, 1), (1, 1))
        sizes = [
            min(whole, (size - 1) * step + side)
            for whole, size, step, side in zip(source.shape[1:3], sizes, stride, kernel, strict=True)
        ]
        parts.append(sizes[0] * sizes[1] * source.shape[3] * source.bytes_each)
    together = max(one + other for one, other in pairwise([*parts, 0]))
    return first.bytes + last.bytes + together

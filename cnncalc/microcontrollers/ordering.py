"""Another order of the operators, in which least is alive at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from cnncalc.microcontrollers.graph import Graph, Operator

MOST_STATES = 4096
"""How many sets of operators are tried between two places where one tensor alone is alive."""


def best_order(graph: Graph) -> list[Operator]:
    """Return the operators in the order whose most bytes that are alive at once are least.

    Between two places where one tensor alone is alive, every order is tried; where there are too many, the order stays.
    """
    last = {id(tensor): step for step, operator in enumerate(graph.operators) for tensor in operator.inputs}
    last |= {id(tensor): len(graph.operators) for tensor in graph.outputs}
    ordered: list[Operator] = []
    for segment in _segments(graph, last):
        behind = len(ordered) + len(segment)
        ordered += segment if len(segment) < 3 else _Segment(segment, last, behind).ordered()
    return ordered


def _segments(graph: Graph, last: Mapping[int, int]) -> Iterator[list[Operator]]:
    """Yield the operators between two places where one tensor alone is alive; ``last`` has the last step of each."""
    alive = {id(tensor) for tensor in graph.inputs}
    segment: list[Operator] = []
    for step, operator in enumerate(graph.operators):
        segment.append(operator)
        alive = {each for each in (*alive, id(operator.output)) if last.get(each, step) > step}
        if len(alive) <= 1:
            yield segment
            segment = []
    if segment:
        yield segment


class _Segment:
    """Finds the best order of some operators: the state of a search is the set of those that have run, as bits."""

    def __init__(self, operators: Sequence[Operator], last: Mapping[int, int], behind: int) -> None:
        """Take operators, the last step of each tensor, and the first step behind the operators."""
        self.operators = operators
        made = {id(operator.output): index for index, operator in enumerate(operators)}
        given = {id(each): each for op in operators for each in op.inputs if not each.constant and id(each) not in made}
        readers: dict[int, set[int]] = {}
        for index, operator in enumerate(operators):
            for each in operator.inputs:
                readers.setdefault(id(each), set()).add(index)
        self.needs = [_bits(made[id(each)] for each in op.inputs if id(each) in made) for op in operators]
        self.tensors = [
            (each.bytes, made.get(key, -1), _bits(iter(readers.get(key, ()))), last.get(key, -1) >= behind)
            for key, each in ({id(op.output): op.output for op in operators} | given).items()
        ]

    def ordered(self) -> Sequence[Operator]:
        """Return the order."""
        count = len(self.operators)
        waiting: list[tuple[int, int, int, tuple[int, ...]]] = [(0, 0, 0, ())]
        seen = set()
        while waiting:
            most, _, done, order = heapq.heappop(waiting)
            if len(order) == count:
                return [self.operators[index] for index in order]
            if done in seen:
                continue
            seen.add(done)
            if len(seen) > MOST_STATES:
                break
            for index, needed in enumerate(self.needs):
                if not done >> index & 1 and needed & done == needed:
                    peak = max(most, self.alive(done, index))
                    heapq.heappush(waiting, (peak, -len(order) - 1, done | 1 << index, (*order, index)))
        return self.operators

    def alive(self, done: int, index: int) -> int:
        """Return the bytes that are alive while an operator runs, after others have."""
        now = done | 1 << index
        return sum(
            size
            for size, maker, readers, kept in self.tensors
            if (maker < 0 or now >> maker & 1) and (kept or readers & ~done or maker == index)
        )


def _bits(indices: Iterator[int]) -> int:
    """Return a set of numbers as bits."""
    bits = 0
    for index in indices:
        bits |= 1 << index
    return bits

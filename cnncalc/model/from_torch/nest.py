"""From a list of operations to the nesting of a text: sequences, merges with branches, labels, modules.

Which volume a merge's branches leave from is the merge's dominator: the last operation that every way from
the input to the merge goes through. What does not nest in this way carries a label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnncalc.layers import class_of
from cnncalc.layers.merging import Merge
from cnncalc.model.from_torch.common_scopes import scopes_of
from cnncalc.model.from_torch.dominators import dominators
from cnncalc.model.from_torch.operations import ReadLayer, Readout
from cnncalc.model.from_torch.refusals import cannot_say
from cnncalc.model.from_torch.traced_modules import ModuleScope
from cnncalc.spec.steps import MERGES

DEEP = 3
"""From so many skips inside each other on, they are labels: a U-Net."""


@dataclass(eq=False)
class Placed:
    """A layer in its place: an operation, perhaps with a label that others take it up by.

    ``start`` is the volume that arrives; for a merge, the one that goes down its branches. ``pool`` is the max pool
    whose places it reads.
    """

    index: int
    operation: ReadLayer
    scopes: tuple[ModuleScope, ...] | None
    start: int
    label: str | None = None
    pool: Placed | None = None


@dataclass(eq=False)
class PlacedMerge(Placed):
    """A merge, with the parts of each branch."""

    branches: tuple[Parts, ...] = ()


@dataclass(eq=False)
class PlacedLabel:
    """``@label``"""

    target: Placed
    scopes: tuple[ModuleScope, ...] | None = None


Parts = list[Placed | PlacedLabel]


def with_input_again(readout: Readout) -> Readout:
    """Return a readout whose input can be taken up again, where one of several outputs begins there: as a layer."""
    try:
        if readout.outputs:
            Nesting(chained(readout)).parts()
    except NeedsInputAgain:
        taken = ReadLayer("identity", (), (0,), readout.input, "", ())
        moved = [each._replace(inputs=tuple([index + 1 for index in each.inputs])) for each in readout.operations]
        places = range(1, len(moved) + 2)
        return readout._replace(operations=(taken, *moved)).at(places)
    return readout


def chained(readout: Readout) -> Readout:
    """Let a concatenation that begins like an earlier one go on from there, as a dense block means it."""
    known: dict[tuple[int, ...], int] = {}
    operations = []
    for index, operation in enumerate(readout.operations, 1):
        inputs = operation.inputs
        if operation.word == "concat":
            begun = known.get(inputs[:-1])
            known.setdefault(inputs, index)
            if begun is not None and len(inputs) > 2:
                inputs = (begun, inputs[-1])
        operations.append(operation._replace(inputs=inputs))
    return readout._replace(operations=tuple(operations))


class NeedsInputAgain(Exception):
    """A stream that begins at the network's input, which has no label, behind another stream."""


class Nesting:
    """The state of one walk: what is written already, and under which label."""

    def __init__(self, readout: Readout, statements: frozenset[int] = frozenset()) -> None:
        self.readout = readout
        self.statements = statements
        self.operations = readout.operations
        self.dominators = dominators(self.operations)
        self.readers = Counter([source for operation in self.operations for source in operation.inputs])
        self.firsts: dict[tuple[int, int], int] = {}
        self.skips = self._late_branches() | self._deep_skips()
        self.done: dict[int, Placed] = {}
        self.taken: set[int] = set()
        self.pools: set[int] = set()
        self.begins: dict[tuple[int, int], int] = {}
        self.known_at = 0

    def parts(self) -> Parts:
        """Return the whole text: statements, what several outputs are, and labels."""
        parts: Parts = []
        at = 0
        for index in sorted({*self.statements, *self.readout.ends}):
            parts += self._statement(index, at)
            at = index
        for index in self.readout.outputs:
            parts.append(replace(self._take(index), scopes=()))
        named = [index for index in sorted(self.taken | self.pools) if not self.operations[index - 1].is_input]
        for number, index in enumerate(named, 1):
            stem = "out" if index in self.readout.outputs else "x" if self.statements else "skip"
            stem = stem if index in self.taken else "pool"
            self.done[index].label = f"{stem}{number}"
        return parts

    def _sequence(self, target: int, start: int) -> Parts:
        """Return the parts from the volume that arrives to the one that is wanted."""
        chain: list[int] = []
        at = target
        while at != start and at not in self.done:
            if not at:
                raise NeedsInputAgain
            chain.append(at)
            # nothing leads to one of several inputs
            at = start if self.operations[at - 1].is_input else self._before(at)
        parts: Parts = [] if at == start else [self._take(at)]
        for index in reversed(chain):
            parts.append(self._part(index))
        return parts

    def _statement(self, index: int, start: int) -> Parts:
        """Return the parts from the volume that arrives to one that is labelled; a merge of labels needs no volume."""
        if index in self.done:
            return []
        parts = self._sequence(index, start)
        if len(parts) > 1 and isinstance(parts[0], PlacedLabel) and not _takes_in(parts[1:]):
            parts.pop(0)
        return parts

    def _before(self, index: int) -> int:
        """Return which volume arrives at an operation, or at the branches of a merge."""
        return self.skips.get(index, self.dominators[index])

    def _part(self, index: int) -> Placed:
        operation = self.operations[index - 1]
        if operation.word not in MERGES:
            part = Placed(index, operation, operation.scopes, operation.inputs[0], operation.name or None)
            part.pool = self._pool(operation)
        else:
            part = self._fork(index, operation)
        self.done[index] = part
        return part

    def _pool(self, operation: ReadLayer) -> Placed | None:
        """Return the max pool whose places an operation reads; None for one that reads none."""
        if not class_of(operation.word).reads_places:
            return None
        pool = operation.inputs[1]
        if pool not in self.done:
            raise cannot_say(operation.path, f"`{operation.word}`", "its max pool comes after it", line=operation.line)
        self.pools.add(pool)
        return self.done[pool]

    def _fork(self, index: int, operation: ReadLayer) -> PlacedMerge:
        start = self._before(index)
        inputs = self._summed(index)
        if not _merge(operation).ordered:
            inputs = self._in_order(inputs, start)
        branches = tuple([self._sequence(source, start) for source in inputs])
        return PlacedMerge(
            index,
            operation,
            scopes_of(operation, [part.scopes for branch in branches for part in branch]),
            start,
            branches=branches,
        )

    def _summed(self, index: int) -> tuple[int, ...]:
        """Return what a sum (or a product) is made of, where it is made one by one: ``a + b + c``."""
        operation = self.operations[index - 1]
        first = operation.inputs[0]
        inner = (
            first
            and _merge(operation).chains
            and self.operations[first - 1].word == operation.word
            and self.readers[first] == 1
        )
        if not inner or first in self.done or first in self.skips or not self._part_alike(first, index):
            return operation.inputs
        return (*self._summed(first), *operation.inputs[1:])

    def _part_alike(self, inner: int, outer: int) -> bool:
        """Say whether branches part at the same place: those of several inputs in front of them all, labels anywhere.

        What is made of labels alone would be written in another order the second time: labels are executed first.
        """
        if all(source in self.done for source in self.operations[inner - 1].inputs):
            return True
        first, at = self._before(inner), self._before(outer)
        return first == at or (not at and self.operations[first - 1].is_input)

    def _in_order(self, inputs: tuple[int, ...], start: int) -> tuple[int, ...]:
        """Order branches that may be exchanged as they are executed; an empty one stays where the module has it."""
        executed = iter(sorted([s for s in inputs if s != start], key=lambda source: self._begin(source, start)))
        return tuple([source if source == start else next(executed) for source in inputs])

    def _begin(self, source: int, start: int) -> int:
        """Return the operation of a branch that is executed first.

        Branches may share what has no label yet, so that there are far more ways through a nest than operations;
        what is known of a branch holds until something else has been written.
        """
        if len(self.done) != self.known_at:
            self.begins, self.known_at = {}, len(self.done)
        known = self.begins.get((source, start))
        if known is None:
            known = self.begins[source, start] = self._found_begin(source, start)
        return known

    def _found_begin(self, source: int, start: int) -> int:
        first = at = source
        while at and at != start and at not in self.done:  # a branch that goes on from the other one may pass it by
            first, at = at, start if self.operations[at - 1].is_input else self._before(at)
        if not first or self.operations[first - 1].word not in MERGES:
            return first
        inside = [self._begin(branch, at) for branch in self.operations[first - 1].inputs if branch != at]
        return min([first, *inside])

    def _take(self, index: int) -> PlacedLabel:
        self.taken.add(index)
        return PlacedLabel(self.done[index])

    def _deep_skips(self) -> dict[int, int]:
        """Return the merges whose skip is a label, with the branch that goes on in their place.

        Those are the merges of a nest at least `DEEP` deep, all of them alike.
        """
        nests: list[list[int]] = []
        found: dict[int, int] = {}
        for merge in range(1, len(self.operations) + 1):
            long = self._long(merge)
            if long is None:
                continue
            inside: list[int] = []
            # what comes after the branch lies beside the merge: another branch of a longer sum
            while nests and self.dominators[nests[-1][-1]] > self.dominators[merge] and nests[-1][-1] <= long:
                inside = max(nests.pop(), inside, key=len)
            nests.append([*inside, merge])
            if len(nests[-1]) >= DEEP:
                found |= {index: long for index in nests[-1] if (long := self._long(index)) is not None}
        return found

    def _late_branches(self) -> dict[int, int]:
        """Return the merges of two that name first what is executed last, with the other branch: they go on from it.

        So `concat` keeps its order and the layers theirs: what comes later begins at a label.
        """
        found: dict[int, int] = {}
        for index, operation in enumerate(self.operations, 1):
            start = self.dominators[index]
            if operation.word not in MERGES or not _merge(operation).ordered or not start:
                continue
            inputs = self._chained_inputs(index)
            begins = [self._first_of(source, start) for source in inputs]
            late = len(inputs) == 2 and begins[1] and begins[0] > inputs[1]
            if late and not self._only_slices(inputs, begins):
                found[index] = inputs[1]
        return found

    def _chained_inputs(self, index: int) -> tuple[int, ...]:
        """Return the inputs of a merge, with those of one like it in the place of that: (a − b) − c."""
        operation = self.operations[index - 1]
        first, *rest = operation.inputs
        inner = first and _merge(operation).chains and self.operations[first - 1].word == operation.word
        return (*self._chained_inputs(first), *rest) if inner and self.readers[first] == 1 else operation.inputs

    def _only_slices(self, sources: Sequence[int], begins: Sequence[int]) -> bool:
        """Say whether all branches are one slice each, which compute nothing, so that their order is free."""
        slices = [begin for begin in begins if begin and self.operations[begin - 1].word == "slice"]
        return slices == list(sources)

    def _first_of(self, source: int, start: int) -> int:
        """Return the operation that is executed first between two volumes; 0 for none."""
        known = self.firsts.get((source, start))
        if known is None:
            first, at = 0, source
            while at != start:
                first, at = at, self.dominators[at]
            merges = first and self.operations[first - 1].word in MERGES
            inside = [self._first_of(each, start) for each in self.operations[first - 1].inputs] if merges else []
            known = self.firsts[source, start] = min([first, *filter(None, inside)])
        return known

    def _long(self, index: int) -> int | None:
        """Return the branch of a merge of two that is no skip, where the other one is."""
        operation = self.operations[index - 1]
        if operation.word not in MERGES or len(operation.inputs) != 2:
            return None
        start = self.dominators[index]
        others = [source for source in operation.inputs if source != start]
        return others[0] if len(others) == 1 and start else None


def _merge(operation: ReadLayer) -> type[Merge]:
    """Return the class of a merge."""
    kind = class_of(operation.word)
    assert issubclass(kind, Merge)
    return kind


def _takes_in(parts: Parts) -> bool:
    """Say whether the volume that arrives at a sequence is used by it."""
    if parts and isinstance(parts[0], Placed) and parts[0].operation.is_input:
        return False
    if not parts or not isinstance(parts[0], PlacedMerge):
        return not parts or not isinstance(parts[0], PlacedLabel)
    return any(map(_takes_in, parts[0].branches))

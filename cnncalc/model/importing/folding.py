"""Modules that are alike become blocks with parameters, wherever that makes the text shorter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.layers import words
from cnncalc.model.importing.operations import Readout, Token
from cnncalc.model.importing.parameters import Parameter, solve
from cnncalc.model.importing.phrases import (
    Jump,
    Phrase,
    Phrases,
    Split,
    Step,
    filled,
    holes,
    keys,
    labels,
    length,
    numbered,
    targets,
    without_last_label,
)
from cnncalc.model.importing.repeats import with_repeats
from cnncalc.model.importing.structure import NORM, PATH, Fork, Item, Part, Take, Unit
from cnncalc.model.importing.tracing import CONTAINERS, Scope
from cnncalc.spec.expressions import RESERVED_NAMES
from cnncalc.spec.parser import MERGES, STATEMENTS

WORTH = 24
"""Characters that a block must save: a reader has to look it up."""

STAGE = "stage"
"""What the block of the blocks of one resolution is called."""

_GENEROUS = {STAGE: -40, PATH: WORTH}
"""A text may be a little longer for stages, which a reader looks for."""

_SPARING = {PATH: 10**9}
"""What a block must save: what is no module becomes none."""

WORTH_OF_CONTAINER = 80
"""Characters that a block must save that is made of a module which only holds others."""


@dataclass(frozen=True)
class Block:
    """A block of the text, and how it is called in the place of each module."""

    name: str
    parameters: tuple[Parameter, ...]
    body: Phrases
    calls: Mapping[str, Step]

    @property
    def size(self) -> int:
        """How long its definition is."""
        return length(self.body) + len(self.name) + sum([len(p.name) + 4 for p in self.parameters]) + 10


class Folded(NamedTuple):
    """A text in its parts: the blocks that it defines, and what it does."""

    blocks: tuple[Block, ...]
    main: Phrases

    @property
    def size(self) -> int:
        """How long the text is."""
        return length(self.main) + sum([block.size for block in self.blocks])


@dataclass(eq=False)
class Family:
    """Modules that do the same but for numbers: what may become a block."""

    kind: str
    units: list[Unit]
    bodies: list[Phrases]
    name: str = ""

    @property
    def contains(self) -> bool:
        """Whether they only hold others, and so have no name of their own."""
        return self.units[0].scope.kind in CONTAINERS

    @property
    def keeps(self) -> bool:
        """Whether what leaves them has the size of what arrives."""
        return all(body[0].before == body[-1].after for body in self.bodies)

    @property
    def change(self) -> str:
        """What they do to the volume, as a part of a name."""
        if self.keeps:
            return ""
        sizes = [
            (body[0].before.values // body[0].before.channels, body[-1].after.values // body[-1].after.channels)
            for body in self.bodies
        ]
        if all(before > after for before, after in sizes):
            return "_down"
        return "_up" if all(before < after for before, after in sizes) else "_to"

    @property
    def worth(self) -> int:
        """How much a block of it must save."""
        return WORTH_OF_CONTAINER if self.contains else WORTH

    @property
    def most(self) -> int:
        """The most that a block of it could save."""
        return sum(map(length, self.bodies)) - max(map(length, self.bodies))


def foldings(items: Sequence[Item], readout: Readout) -> tuple[Folded, ...]:
    """Return texts: the shortest one with blocks for stages and branches, the one without these, and the plain one.

    The blocks are parts of the module; the plain text has none.
    """
    folding = _Folding(items, readout)
    return folding.best(_GENEROUS), folding.best(_SPARING), folding.plain()


class _Folding:
    """What may become a block, and the search for the blocks that make the text shortest."""

    def __init__(self, items: Sequence[Item], readout: Readout) -> None:
        self.items = items
        self.readout = readout
        self.written: dict[int, Step] = {}
        self.taken = Counter(targets(self._lowered(items, {})))
        self.families = self._families()

    def plain(self) -> Folded:
        """Return the text without blocks."""
        text = self._text([])
        assert text is not None  # without blocks there is nothing that could fail
        return text

    def best(self, worth: Mapping[str, int]) -> Folded:
        """Return the shortest text, given how much blocks of some kinds must save."""
        chosen: list[Family] = []
        best = self.plain()
        better = True
        while better:
            better = False
            for family in self.families:
                rest = [other for other in chosen if other is not family]
                trial = rest if family in chosen else [*chosen, family]
                cost = worth.get(family.kind, family.worth)
                gain = cost if family not in chosen else -cost
                text = self._text(trial)
                if text is not None and text.size + gain < best.size:
                    best, chosen, better = text, trial, True
        _name(chosen)
        return self._text(chosen) or best

    def _families(self) -> list[Family]:
        """Return the modules that are alike, those that may save most first."""
        found: dict[Any, Family] = {}
        for unit in _units(self.items):
            name = _class_name(unit.scope)
            if not name:
                continue
            body = self._lowered(unit.parts, {})
            if not body:
                continue
            body = without_last_label(body)
            if self._reaches_out(body):
                continue
            body = numbered(body)
            family = found.setdefault((name, keys(body)), Family(name, [], []))
            family.units.append(unit)
            family.bodies.append(body)
        families = [family for family in found.values() if len(family.units) > 1 and family.most > WORTH]
        families = _without_doubles(families)
        _name(families)
        return sorted(families, key=lambda family: (family.contains, family.kind != NORM, -family.most))

    def _reaches_out(self, body: Phrases) -> bool:
        """Say whether a label is set in it and taken up elsewhere, or the other way round."""
        taken = Counter(targets(body))
        return {*labels(body)} != {*taken} or any(self.taken[label] != count for label, count in taken.items())

    def _text(self, chosen: Sequence[Family]) -> Folded | None:
        """Write the text with some blocks, inner ones first; None where a block has no single text."""
        calls: dict[str, Step] = {}
        blocks: list[Block] = []
        for family in sorted(chosen, key=lambda family: max(map(length, family.bodies))):
            block = self._block(family, calls)
            if block is None:
                return None
            blocks.append(block)
            calls |= block.calls
        main = self._lowered(self.items, calls)
        return Folded(tuple(blocks), numbered(main))

    def _block(self, family: Family, calls: Mapping[str, Step]) -> Block | None:
        bodies = [self._lowered(unit.parts, calls) for unit in family.units]
        known = [numbered(without_last_label(body)) for body in bodies]
        if len({keys(body) for body in known}) > 1:
            return None
        arriving = [body[0].before.channels for body in known]
        made = [body[-1].after.channels for body in known]
        solution = solve([list(holes(body)) for body in known], arriving, made)
        if solution is None:
            return None
        body = filled(known[0], iter(solution.numbers))
        calls = {
            unit.scope.path: _call(family.name, solution.parameters, place, text)
            for place, (unit, text) in enumerate(zip(family.units, bodies, strict=True))
        }
        return Block(family.name, solution.parameters, body, calls)

    def _lowered(self, items: Sequence[Item], calls: Mapping[str, Step]) -> Phrases:
        """Write items as phrases: modules that are blocks as calls, all others as what they hold."""
        return with_repeats(list(self._phrases(items, calls)))

    def _phrases(self, items: Sequence[Item], calls: Mapping[str, Step]) -> Iterator[Phrase]:
        for item in items:
            if isinstance(item, Unit):
                call = calls.get(item.scope.path)
                if call is not None:
                    yield call
                else:
                    yield from self._phrases(item.parts, calls)
            else:
                yield self._phrase(item, calls)

    def _phrase(self, item: Part | Take, calls: Mapping[str, Step]) -> Phrase:
        if isinstance(item, Take):
            volume = item.target.operation.output
            return Jump(volume, volume, None, item.target.label or "")
        operation = item.operation
        before = self.readout.volume(item.start)
        if not isinstance(item, Fork):
            made = Step(before, operation.output, item.label, operation.word, operation.tokens)
            return self.written.setdefault(item.index, made)  # its text is worked out once
        branches = tuple([with_repeats(list(self._phrases(branch, calls))) for branch in item.branches])
        return Split(before, operation.output, item.label, operation.word, branches)


def _call(name: str, parameters: Sequence[Parameter], place: int, body: Phrases) -> Step:
    tokens = tuple(
        [
            Token("", (p.values[place],), (p.kind,))
            if p.default is None
            else Token(f"{p.name}=", (p.values[place],), (p.kind,), usual=(p.usual[place],))
            for p in parameters
            if p.default is None or p.values != p.usual  # what has its default everywhere is never written
        ]
    )
    return Step(body[0].before, body[-1].after, body[-1].label, name, tokens, call=True)


def _units(items: Sequence[Item]) -> Iterator[Unit]:
    """Return all units, the outer ones first."""
    for item in items:
        if isinstance(item, Unit):
            yield item
            yield from _units(item.parts)
        elif isinstance(item, Fork):
            for branch in item.branches:
                yield from _units(branch)


def _without_doubles(families: Sequence[Family]) -> list[Family]:
    """Leave out modules that hold one other module and nothing else: they would be the same block."""
    seen: set[Any] = set()
    kept = []
    for family in sorted(families, key=lambda family: (family.contains, len(family.units[0].scope.path))):
        mark = (len(family.units), tuple([id(_first(unit)) for unit in family.units]), keys(family.bodies[0]))
        if mark not in seen:
            seen.add(mark)
            kept.append(family)
    return kept


def _first(unit: Unit) -> Item:
    item = unit.parts[0]
    return _first(item) if isinstance(item, Unit) else item


# ---- names


_SAYS_NOTHING = frozenset(("body", "conv", "feature", "m", "model", "module", "net", "op", "seq"))
"""Names of attributes that hold other modules and do not say which."""

_STAGES = frozenset(("block", "layer", "level", "stage"))
"""Names of attributes that hold the blocks of one resolution."""


def _class_name(scope: Scope) -> str:
    """Return what a module is called: by its class, by that of its owner, or by its attribute."""
    name = scope.kind
    if name in CONTAINERS:
        parts = [part.rstrip("0123456789_") for part in scope.path.split(".")[1:]]
        name = next((part for part in reversed(parts) if part), "")
        name = _singular(re.sub(r"(?i)_?(layers?|modules?|blocks?)$", "", name) or name)
        if name.lower() in _STAGES:
            name = STAGE if not scope.owner else scope.owner
        elif name.lower() in _SAYS_NOTHING:
            name = scope.owner or name
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower().strip("_")
    return re.sub(r"[^a-z0-9_]", "", name)[:40]


def _singular(name: str) -> str:
    if re.search(r"(ch|sh|x)es$", name):
        return name[:-2]
    return name[:-1] if re.search(r"[^s]s$", name) and len(name) > 3 else name


_TAKEN = frozenset((*STATEMENTS, *MERGES, *words(), *RESERVED_NAMES))


def _name(families: Sequence[Family]) -> None:
    """Name families: by their class, by what they do to the volume if several have one, with a number if need be."""
    used: set[str] = set()
    kinds = Counter([family.kind for family in families])
    for family in sorted(families, key=lambda family: (not family.keeps, -len(family.units))):
        name = family.kind + (family.change if kinds[family.kind] > 1 else "")
        name = name + "_block" if name in _TAKEN or name[0].isdigit() else name
        number = 1
        while (family_name := name if number == 1 else f"{name}{number}") in used:
            number += 1
        used.add(family_name)
        family.name = family_name

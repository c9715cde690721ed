"""Modules that are alike become blocks with parameters, wherever that makes the text shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from cnncalc.layers.written import Number, Token
from cnncalc.model.blocks.numbers import Parameter
from cnncalc.model.from_torch.alignment import aligned
from cnncalc.model.from_torch.block_candidates import Family
from cnncalc.model.from_torch.block_names import kind_of, kinds_of, name
from cnncalc.model.from_torch.block_parameters import solve
from cnncalc.model.from_torch.nest import Placed, PlacedLabel, PlacedMerge
from cnncalc.model.from_torch.operations import Readout
from cnncalc.model.from_torch.render import text_lines
from cnncalc.model.from_torch.repeats import with_repeats
from cnncalc.model.from_torch.text_parts import (
    Folded,
    Phrase,
    Phrases,
    TextBlock,
    TextJump,
    TextMerge,
    TextRepeat,
    TextStep,
    filled,
    holes,
    keys,
    labelled_calls,
    labels,
    length,
    numbered,
    targets,
    without_last_label,
)
from cnncalc.model.from_torch.traced_modules import ModuleScope
from cnncalc.model.from_torch.units import NORM, STAGE, NestItem, Unit

LINE = 24
"""How many characters a line more is as long as."""

WORTH = 0
"""What a block must save: a reader has to look it up."""

WORTH_OF_CONTAINER = 80
"""What a block must save that is made of a module which only holds others."""

WORTH_OF_NONE = 100
"""What a block must save more that has a part which is repeated 0 times somewhere: a reader has to think about it."""

FEW = 12
"""Up to so many modules that may be blocks, the search begins with each of them, too."""

SMALL = 3
"""Layers of a block that is tried last: a convolution with what follows it."""

MOST_PARAMETERS = 7
"""A block with more says less than its layers."""

WORTH_OF_STAGE = 20
"""What the block of a resolution must save: less than other containers, since a reader looks for it."""


def _saves(family: Family) -> int:
    """Return how much a block of a family must save."""
    tricks = WORTH_OF_NONE if any(not times for body in family.bodies for times in _times(body)) else 0
    if family.kind == STAGE:
        return WORTH_OF_STAGE + tricks
    return (WORTH_OF_CONTAINER if family.contains else WORTH) + tricks


def _times(body: Phrases) -> Iterator[Number]:
    return (phrase.times for phrase in body if isinstance(phrase, TextRepeat))


def folded(items: Sequence[NestItem], readout: Readout) -> tuple[Folded, Folded]:
    """Return the shortest text, with blocks that are parts of the module, and the plain one without blocks."""
    folding = _BlockSearch(items, readout)
    return folding.best(), folding.plain()


class _BlockSearch:
    """What may become a block, and the search for the blocks that make the text shortest."""

    def __init__(self, items: Sequence[NestItem], readout: Readout) -> None:
        self.items = items
        self.readout = readout
        self.written: dict[int, TextStep] = {}
        self.tried: dict[frozenset[int], float] = {}
        self.taken = Counter(targets(self._lowered(items, {})))
        self.families = self._families()

    def plain(self) -> Folded:
        """Return the text without blocks."""
        text = self._text([])
        assert text is not None  # without blocks there is nothing that could fail
        return text

    def best(self) -> Folded:
        """Return the shortest text: blocks come and go as long as that makes it shorter, from several beginnings."""
        outer_first = sorted(self.families, key=lambda family: -family.longest)
        long = [family for family in self.families if len(family.bodies[0]) > SMALL]
        found = [self._improved(families) for families in (self.families, outer_first, long)]
        if len(self.families) <= FEW:
            found += [self._improved(self.families, [family]) for family in self.families]
        chosen = min(found, key=self._worth)
        name(chosen)
        self.tried.clear()
        return self._text(chosen) or self.plain()

    def _improved(self, families: Sequence[Family], begin: Sequence[Family] = ()) -> list[Family]:
        """Return blocks of which none can come or go without making the text longer."""
        chosen = list(begin)
        better = True
        while better:
            better = False
            for family in families:
                rest = [other for other in chosen if other is not family and not other.overlaps(family)]
                trial = rest if family in chosen else [*rest, family]
                if self._worth(trial) < self._worth(chosen):
                    chosen, better = trial, True
        return chosen

    def _worth(self, chosen: Sequence[Family]) -> float:
        """Return how long the text with some blocks is, and what they must save; infinite where there is none."""
        key = frozenset(map(id, chosen))
        if key not in self.tried:
            text = self._text(chosen)
            self.tried[key] = inf if text is None else size(text) + sum(map(_saves, chosen))
        return self.tried[key]

    def _families(self) -> list[Family]:
        """Return the modules that are alike, those that may save most first."""
        found: dict[Any, list[tuple[Unit, Phrases, tuple[ModuleScope, ...]]]] = {}
        for unit, scopes in _units(self.items):
            body = self._lowered(unit.parts, {})
            if not body:
                continue
            body = without_last_label(body)
            if self._reaches_out(body):
                continue
            body = numbered(body)
            found.setdefault(keys(body), []).append((unit, body, scopes))
        groups = list(found.values())
        families = [_family(group) for group in groups]
        families += [family for group in _alignable(groups) if (family := _family(group)).bodies]
        families = [each for each in families if each.kind and len(each.units) > 1 and each.most > WORTH]
        name(families)
        return sorted(families, key=lambda family: (family.contains, family.kind != NORM, -family.most))

    def _reaches_out(self, body: Phrases) -> bool:
        """Say whether a label is set in it and taken up elsewhere, or the other way round."""
        taken = Counter(targets(body))
        return {*labels(body)} != {*taken} or any(self.taken[label] != count for label, count in taken.items())

    def _text(self, chosen: Sequence[Family]) -> Folded | None:
        """Write the text with some blocks, inner ones first; None where a block has no single text."""
        calls: dict[str, TextStep] = {}
        blocks: list[TextBlock] = []
        for family in sorted(chosen, key=lambda family: family.longest):
            block = self._block(family, calls)
            if block is None:
                return None
            blocks.append(block)
            calls |= block.calls
        main = self._lowered(self.items, calls)
        return Folded(tuple(blocks), numbered(main, dict(labelled_calls(main))))

    def _block(self, family: Family, calls: Mapping[str, TextStep]) -> TextBlock | None:
        bodies = [self._lowered(unit.parts, calls) for unit in family.units]
        known = aligned([numbered(without_last_label(body)) for body in bodies])
        if known is None:
            return None
        arriving = [body[0].before.channels for body in known]
        made = [body[-1].after.channels for body in known]
        solution = solve([list(holes(body)) for body in known], arriving, made)
        if solution is None or len(solution.parameters) > MOST_PARAMETERS:
            return None
        body = filled(known[0], iter(solution.numbers))
        calls = {
            unit.scope.path: _call(family.name, solution.parameters, place, text)
            for place, (unit, text) in enumerate(zip(family.units, bodies, strict=True))
        }
        return TextBlock(family.name, solution.parameters, body, calls)

    def _lowered(self, items: Sequence[NestItem], calls: Mapping[str, TextStep]) -> Phrases:
        """Write items as phrases: modules that are blocks as calls, all others as what they hold."""
        return with_repeats(list(self._phrases(items, calls)))

    def _phrases(self, items: Sequence[NestItem], calls: Mapping[str, TextStep]) -> Iterator[Phrase]:
        for item in items:
            if isinstance(item, Unit):
                call = calls.get(item.scope.path)
                if call is not None:
                    yield call
                else:
                    yield from self._phrases(item.parts, calls)
            else:
                yield self._phrase(item, calls)

    def _phrase(self, item: Placed | PlacedLabel, calls: Mapping[str, TextStep]) -> Phrase:
        if isinstance(item, PlacedLabel):
            volume = item.target.operation.output
            return TextJump(volume, volume, None, item.target.label or "")
        operation = item.operation
        if operation.is_input:
            return TextJump(operation.output, operation.output, None, operation.name)
        before = self.readout.volume(item.start)
        if not isinstance(item, PlacedMerge):
            label = (item.pool.label or "") if item.pool else ""
            made = TextStep(before, operation.output, item.label, operation.word, operation.tokens, argument=label)
            return self.written.setdefault(item.index, made)  # its text is worked out once
        branches = tuple([with_repeats(list(self._phrases(branch, calls))) for branch in item.branches])
        return TextMerge(before, operation.output, item.label, operation.word, branches)


def _call(name: str, parameters: Sequence[Parameter], place: int, body: Phrases) -> TextStep:
    tokens = tuple(
        [
            Token("", (p.values[place],), (p.role,))
            if p.default is None
            else Token(f"{p.name}=", (p.values[place],), (p.role,), usual=(p.usual[place],))
            for p in parameters
            if p.default is None or p.values != p.usual  # what has its default everywhere is never written
        ]
    )
    return TextStep(body[0].before, body[-1].after, body[-1].label, name, tokens, call=True)


def size(text: Folded) -> int:
    """Return how long a text is."""
    lines = text_lines(text)
    return sum([LINE + len(line.lstrip()) for line in lines])


Scopes = tuple[ModuleScope, ...]
"""The scopes of a unit: several where a module holds one other and nothing else."""


def _units(items: Sequence[NestItem], around: Scopes = ()) -> Iterator[tuple[Unit, Scopes]]:
    """Return all units with their scopes, the outer ones first; one that holds one other alone is that one."""
    for item in items:
        if isinstance(item, Unit):
            scopes = (*around, item.scope)
            alone = len(item.parts) == 1 and isinstance(item.parts[0], Unit)
            if not alone:
                yield item, scopes
            yield from _units(item.parts, scopes if alone else ())
        elif isinstance(item, PlacedMerge):
            for branch in item.branches:
                yield from _units(branch)


_Group = list[tuple[Unit, Phrases, tuple[ModuleScope, ...]]]


def _family(group: _Group) -> Family:
    """Return modules that are alike as a family; one without bodies where they cannot be written alike."""
    bodies = aligned([body for _, body, _ in group]) or []
    kind, contains = kind_of([scopes for _, _, scopes in group])
    return Family([unit for unit, _, _ in group], bodies, kind, contains)


def _alignable(groups: Sequence[_Group]) -> Iterator[_Group]:
    """Return groups that may be written alike if some of their parts are repeated more or less often."""
    left = sorted(groups, key=lambda group: -length(group[0][1]))
    while left:
        first, *left = left
        merged = list(first)
        kinds = kinds_of([scopes for _, _, scopes in first])
        for other in list(left):
            known = kinds_of([scopes for _, _, scopes in other])
            if known & kinds and aligned([body for _, body, _ in (*merged, *other)]) is not None:
                merged += other
                left.remove(other)
        if len(merged) > len(first):
            yield merged

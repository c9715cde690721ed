"""What belongs together in a text because one module does it: what may become a block."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby

from cnncalc.layers import class_of
from cnncalc.layers.normalisation import Normalisation
from cnncalc.model.from_torch.common_scopes import common
from cnncalc.model.from_torch.nest import Parts, Placed, PlacedLabel, PlacedMerge
from cnncalc.model.from_torch.traced_modules import CONTAINERS, ModuleScope

NORM = "norm"
"""What the block of a normalisation is called."""

STAGE = "stage"
"""What the block of the blocks of one resolution is called."""

PATH = "path"
"""What the block of a branch is called."""

PATH_LAYERS = 5
"""From so many layers on, a branch may become a block."""


@dataclass(eq=False)
class Unit:
    """All that one module does, where it stands together in the text."""

    scope: ModuleScope
    parts: list[NestItem] = field(default_factory=list)


NestItem = Placed | PlacedLabel | Unit


def united(parts: Parts, depth: int = 0) -> list[NestItem]:
    """Return parts with a unit around all that one module does, from the outermost module inwards."""
    _settle(parts)
    counts: dict[str, int] = {}
    _count(parts, counts)
    return _united(parts, depth, counts)


def _settle(parts: Parts) -> None:
    """Give parts without scopes those that their neighbours share."""
    for part in parts:
        if isinstance(part, PlacedMerge):
            for branch in part.branches:
                _settle(branch)
    for place, part in enumerate(parts):
        if part.scopes is None:
            around = [other.scopes for other in parts[max(0, place - 1) : place + 2] if other.scopes is not None]
            begins = isinstance(part, PlacedLabel) and place == 0  # a module begins with what it does to the volume
            part.scopes = common(around) if around and not begins else ()


def _count(parts: Parts, counts: dict[str, int]) -> None:
    """Count the layers of every module; merges lie where their branches do."""
    for part in parts:
        if isinstance(part, PlacedMerge):
            for branch in part.branches:
                _count(branch, counts)
        elif isinstance(part, Placed):
            for scope in part.scopes or ():
                counts[scope.path] = counts.get(scope.path, 0) + 1


def _united(parts: Parts, depth: int, counts: dict[str, int]) -> list[NestItem]:
    items: list[NestItem] = []
    for scope, group in groupby(parts, key=lambda part: _at(part, depth)):
        run = list(group)
        if scope is None:
            items.extend(_inner(part, depth, counts) for part in run)
            continue
        own: dict[str, int] = {}
        _count(run, own)
        if own.get(scope.path, 0) == counts.get(scope.path, 0):
            items.append(Unit(scope, _united(run, depth + 1, counts)))
        else:
            items.extend(_united(run, depth + 1, counts))
    return items


def _norm(part: Placed) -> NestItem:
    """Return a normalisation with settings of its own as a unit: a block keeps it from being written everywhere."""
    normalises = issubclass(class_of(part.operation.word), Normalisation)
    if not normalises or not part.operation.tokens or part.label:
        return part
    return Unit(ModuleScope(f"{part.index}", NORM), [part])


def _branch(fork: PlacedMerge, place: int, items: list[NestItem]) -> list[NestItem]:
    """Return the branch of a sum that computes most as a unit: what residual blocks share beside their shortcuts."""
    layers = len(fork.branches[place])
    if fork.operation.word != "add" or layers < PATH_LAYERS or layers < max([len(other) for other in fork.branches]):
        return items
    owner = next((scope.kind for scope in (fork.scopes or ())[::-1] if scope.kind not in CONTAINERS), "")
    return [Unit(ModuleScope(f"{fork.index}.{place}", PATH, owner), items)]


def _at(part: Placed | PlacedLabel, depth: int) -> ModuleScope | None:
    scopes = part.scopes or ()
    return scopes[depth] if len(scopes) > depth else None


def _inner(part: Placed | PlacedLabel, depth: int, counts: dict[str, int]) -> NestItem:
    """Return a part with the units in its branches."""
    if not isinstance(part, PlacedMerge):
        return _norm(part) if isinstance(part, Placed) else part
    inner = [_united(branch, depth, counts) for branch in part.branches]
    branches = tuple([_branch(part, place, items) for place, items in enumerate(inner)])
    return replace(part, branches=branches)  # type: ignore[arg-type]

"""The ways in which a network may be written: as merges that nest, or as parallel streams with labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.model.from_torch.nest import (
    NeedsInputAgain,
    Nesting,
    Parts,
    Placed,
    PlacedLabel,
    PlacedMerge,
    chained,
)
from cnncalc.model.from_torch.operations import Readout

DEEPEST = 5
"""From so many merges around a label on, what has a label is a statement of its own: parallel streams (HRNet)."""


def nestings(readout: Readout) -> list[tuple[Readout, Parts]]:
    """Return the operations as parts that nest, and where they nest deep also as streams, separated by labels.

    Each comes with the operations in the order that its parts mean. Streams may be executed in another order than the
    module's, in which the same network nests otherwise. So that a text comes back to the letter, streams are taken only
    where they have the same labels then, and what would be written then is one of the choices already.
    """
    begun = chained(readout)
    nesting = Nesting(begun)
    parts = nesting.parts()
    plain = [(readout, parts)]
    if _depth(parts) < DEEPEST:
        return plain
    try:
        streams = Nesting(begun, frozenset(nesting.taken)).parts()
        places = _places(readout, [part.index for part in in_order(streams)])
        again = _reordered(readout, places)
        if again.operations == readout.operations:
            return [*plain, (readout, streams)]
        nesting_again = Nesting(chained(again))
        nested = nesting_again.parts()
    except NeedsInputAgain:
        return plain
    alike = {places[index] for index in nesting.taken} == nesting_again.taken
    return [*plain, (readout, streams), (again, nested)] if alike and _depth(nested) >= DEEPEST else plain


def in_order(parts: Iterable[Placed | PlacedLabel]) -> Iterator[Placed]:
    """Go through the parts in the order of the text, which is that of the network's layers."""
    for part in parts:
        if isinstance(part, PlacedMerge):
            for branch in part.branches:
                yield from in_order(branch)
        if isinstance(part, Placed):
            yield part


def _places(readout: Readout, order: list[int]) -> dict[int, int]:
    """Return where each operation comes in another order; sums inside longer ones come in front of these."""
    written = set(order)
    whole: dict[int, None] = {}
    for index in order:
        inside, wanted = [], [index]
        while wanted:
            inside.append(wanted.pop())
            sources = readout.operations[inside[-1] - 1].inputs
            wanted += [source for source in sources if source and source not in written]
        whole.update(dict.fromkeys(reversed(inside)))
    return {0: 0} | {index: place for place, index in enumerate(whole, 1)}


def _reordered(readout: Readout, places: dict[int, int]) -> Readout:
    """Return the operations in another order."""
    moved = [readout.operations[index - 1] for index in places if index]
    operations = [each._replace(inputs=tuple([places[index] for index in each.inputs])) for each in moved]
    return readout._replace(operations=tuple(operations)).at(places)


def _depth(parts: Parts) -> int:
    """Return the most merges that stand inside each other around something that is taken up by its label."""
    inside = [_depth(branch) for part in parts if isinstance(part, PlacedMerge) for branch in part.branches]
    deepest = max(inside, default=0)
    return deepest + 1 if deepest else int(any(isinstance(part, PlacedLabel) for part in parts))

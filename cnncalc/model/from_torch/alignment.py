"""Sequences that differ in how often a part of them is repeated, written alike: stages of different depths."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.model.from_torch.text_parts import Phrase, Phrases, TextRepeat, TextStep, keys, labels, targets


def aligned(bodies: Sequence[Phrases]) -> list[Phrases] | None:
    """Write sequences alike that differ in how often some of their parts are repeated, or whether they are there.

    A part that is not there is repeated 0 times; only one part may be missing. None where they differ in more.
    """
    if len({keys(body) for body in bodies}) == 1:
        return list(bodies)
    template = max(bodies, key=lambda body: (sum([len(_unit(phrase)) for phrase in body]), -len(body)))
    rows = [_along(body, template) for body in bodies]
    if any(row is None for row in rows):
        return None
    found: list[Phrases] = [() for _ in bodies]
    optional = 0
    for place, phrase in enumerate(template):
        column = [row[place] for row in rows if row is not None]
        if all(len(part) == 1 and part[0].key == phrase.key for part in column):
            written: Sequence[Phrase | None] = [part[0] for part in column]
        else:
            written = [_repeated(part, phrase, body) for part, body in zip(column, found, strict=True)]
        optional += any(isinstance(part, TextRepeat) and not part.times for part in written)
        if optional > 1 or any(part is None for part in written):
            return None
        found = [(*body, part) for body, part in zip(found, written, strict=True) if part is not None]
    return found


def _unit(phrase: Phrase) -> Phrases:
    """Return what is repeated, or the phrase itself."""
    return phrase.body if isinstance(phrase, TextRepeat) else (phrase,)


def _along(body: Phrases, template: Phrases) -> list[Phrases] | None:
    """Return which phrases of a sequence stand for each of another one's; () for what is not there."""
    row: list[Phrases] = []
    at = 0
    for phrase in template:
        unit = keys(_unit(phrase))
        taken: Phrases = body[at : at + 1]
        if not taken or keys(_unit(taken[0])) != unit:
            taken = body[at : at + len(unit)]
            taken = taken if keys(taken) == unit else ()
        row.append(taken)
        at += len(taken)
    return row if at == len(body) else None


def _repeated(taken: Phrases, phrase: Phrase, before: Phrases) -> TextRepeat | None:
    """Write phrases as a repeat; None for what is not there and would change the volume, or stands first."""
    if [*labels((*taken, phrase)), *targets((*taken, phrase))]:
        return None
    if len(taken) == 1 and isinstance(taken[0], TextRepeat):
        return taken[0]
    if taken:
        return TextRepeat(taken[0].before, taken[-1].after, None, taken, 1)
    if not before or phrase.before != phrase.after or (isinstance(phrase, TextStep) and not phrase.call):
        return None
    volume = before[-1].after
    return TextRepeat(volume, volume, None, _unit(phrase), 0)

"""Runs of equal phrases become repeats: the shortest text that says the same."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.model.importing.phrases import Jump, Phrase, Phrases, Repeat, Split, Step

LONGEST_PERIOD = 32
"""Most phrases in a group that repeats; longer ones are modules, and become blocks."""

_BRACKETS = 6
_OPENERS = frozenset(("conv", "dwconv", "deconv", "bn", "ln", "gn", "fc", "pad"))


def with_repeats(phrases: Sequence[Phrase]) -> Phrases:
    """Return the phrases with their runs folded."""
    return _folded(tuple(phrases))


def _folded(phrases: Phrases) -> Phrases:
    """Choose the shortest way to write the rest, from the end to the beginning."""
    numbers: dict[str, int] = {}
    names = [numbers.setdefault(phrase.bare_text, len(numbers)) for phrase in phrases]
    if len(numbers) == len(names):
        return phrases
    sizes = [len(phrase.text) + 3 for phrase in phrases]
    count = len(phrases)
    longest = min(LONGEST_PERIOD, count // 2)
    equal = [[0] * (count + 1) for _ in range(longest + 1)]  # how far names go on like those a period later
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)] * (count + 1)
    end = count  # where the first label from here on is: no run goes beyond it, as it is the last copy's
    for start in range(count - 1, -1, -1):
        end = start + 1 if phrases[start].label else end
        chosen = (sizes[start] + best[start + 1][0], 1, 1)
        inside = 0
        for period in range(1, min(longest, count - start) + 1):
            inside += sizes[start + period - 1]
            run = equal[period]
            same = start + period < count and names[start] == names[start + period]
            run[start] = run[start + 1] + 1 if same else 0
            times = min(run[start] + period, end - start) // period
            if times >= 2 and not _jumps(phrases[start : start + period]):
                cost = inside + _BRACKETS + _awkward(phrases[start]) + best[start + times * period][0]
                chosen = min(chosen, (cost, period, times))
        best[start] = chosen
    return _written(phrases, best)


def _written(phrases: Phrases, best: Sequence[tuple[float, int, int]]) -> Phrases:
    result: list[Phrase] = []
    at = 0
    while at < len(phrases):
        _, period, times = best[at]
        body = phrases[at : at + period]
        if times == 1:
            result.extend(body)
        else:
            last = phrases[at + period * times - 1]
            inner = _folded(body) if period > 1 else body
            result.append(Repeat(body[0].before, last.after, last.label, inner, times))
        at += period * times
    return tuple(result)


def _awkward(first: Phrase) -> float:
    """Return what a group costs that begins with an activation rather than with a layer that learns."""
    return 0.0 if not isinstance(first, Step) or first.call or first.word in _OPENERS else 1.0


def _jumps(phrases: Phrases) -> bool:
    """Say whether a label is set inside or taken up: its copies would not be those of one run."""
    return any(isinstance(phrase, Jump) or phrase.label is not None or _jumps_inside(phrase) for phrase in phrases)


def _jumps_inside(phrase: Phrase) -> bool:
    if isinstance(phrase, Repeat):
        return _jumps(phrase.body)
    return isinstance(phrase, Split) and any(map(_jumps, phrase.branches))

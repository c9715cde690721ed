"""Runs of equal phrases become repeats: the shortest text that says the same."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.model.phrases import Jump, Phrase, Phrases, Repeat, Split, Step

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
    names = [numbers.setdefault(phrase.text, len(numbers)) for phrase in phrases]
    if len(numbers) == len(names):
        return phrases
    sizes = [len(phrase.text) + 3 for phrase in phrases]
    count = len(phrases)
    longest = min(LONGEST_PERIOD, count // 2)
    equal = [[0] * (count + 1) for _ in range(longest + 1)]  # how far names go on like those a period later
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)] * (count + 1)
    for start in range(count - 1, -1, -1):
        chosen = (sizes[start] + best[start + 1][0], 1, 1)
        inside = 0
        for period in range(1, longest + 1):
            if start + period > count:
                break
            inside += sizes[start + period - 1]
            run = equal[period]
            run[start] = run[start + 1] + 1 if start + period < count and names[start] == names[start + period] else 0
            times = run[start] // period + 1
            if times < 2 or _names_something(phrases[start : start + period]):
                continue
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
            result.append(Repeat(body[0].before, last.after, None, inner, times))
        at += period * times
    return tuple(result)


def _awkward(first: Phrase) -> float:
    """Return what a group costs that begins with an activation rather than with a layer that learns."""
    return 0.0 if not isinstance(first, Step) or first.call or first.word in _OPENERS else 1.0


def _names_something(phrases: Phrases) -> bool:
    """Say whether there are labels: their repeats would not be those of one run."""
    return any(phrase.label or isinstance(phrase, Jump) or _has_jumps(phrase) for phrase in phrases)


def _has_jumps(phrase: Phrase) -> bool:
    if isinstance(phrase, Repeat):
        return _names_something(phrase.body)
    return isinstance(phrase, Split) and any(map(_names_something, phrase.branches))

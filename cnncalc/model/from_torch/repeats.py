"""Runs of equal phrases become repeats: the shortest text that says the same."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import class_of
from cnncalc.layers.normalisation import Normalisation
from cnncalc.layers.resizing import Pad
from cnncalc.layers.transposed import TransposedConvolution
from cnncalc.model.blocks.repeats import Run, runs
from cnncalc.model.from_torch.text_parts import Phrase, Phrases, TextMerge, TextRepeat, TextStep, length

LONGEST_PERIOD = 32
"""Most phrases in a group that repeats; longer ones are modules, and become blocks."""

_BRACKETS = 6


def with_repeats(phrases: Sequence[Phrase]) -> Phrases:
    """Return the phrases with their runs folded."""
    return _Repeating(tuple(phrases)).folded()


class _Repeating:
    """A sequence, and what is equal in it."""

    def __init__(self, phrases: Phrases) -> None:
        self.phrases = phrases
        numbers: dict[str, int] = {}
        self.names = [numbers.setdefault(phrase.bare_text, len(numbers)) for phrase in phrases]
        self.different = len(numbers) == len(phrases)
        self.ends: list[int] = []  # for each phrase, where the first label from there on is, from the end backwards
        for place in range(len(phrases), 0, -1):
            self.ends.append(place if phrases[place - 1].label or not self.ends else self.ends[-1])

    def folded(self) -> Phrases:
        if self.different:
            return self.phrases
        return tuple([self._written(run) for run in runs(len(self.phrases), LONGEST_PERIOD, self._turns, self._saves)])

    def _turns(self, at: int, period: int, beaten: int) -> int:
        """Return how often some phrases come; no run goes beyond the first label, which is the last copy's."""
        turn, last = self.names[at : at + period], self.ends[-at - 1]
        end = at + period
        while end + period <= last and self.names[end : end + period] == turn:
            end += period
        times = (end - at) // period
        return 1 if times == 1 or _jumps(self.phrases[at : at + period]) else times

    def _saves(self, at: int, period: int, times: int) -> float:
        """Return how much shorter a run is than what it stands for, a later one a little more: there it begins."""
        inside = length(self.phrases[at : at + period])
        return inside * (times - 1) - _BRACKETS - _awkward(self.phrases[at]) + at * 1e-6

    def _written(self, run: Run) -> Phrase:
        body = self.phrases[run.at : run.at + run.period]
        if run.times == 1:
            return body[0]
        last = self.phrases[run.at + run.period * run.times - 1]
        inner = with_repeats(body) if run.period > 1 else body
        return TextRepeat(body[0].before, last.after, last.label, inner, run.times)


def _awkward(first: Phrase) -> float:
    """Return what a group costs that begins with an activation rather than with a layer that learns."""
    return 0.0 if not isinstance(first, TextStep) or first.call or _opens(first.word) else 1.0


def _jumps(phrases: Phrases) -> bool:
    """Say whether a label is set inside or taken up: its copies would not be those of one run."""
    return any(phrase.takes or phrase.label is not None or _jumps_inside(phrase) for phrase in phrases)


def _jumps_inside(phrase: Phrase) -> bool:
    if isinstance(phrase, TextRepeat):
        return _jumps(phrase.body)
    return isinstance(phrase, TextMerge) and any(map(_jumps, phrase.branches))


def _opens(word: str) -> bool:
    """Say whether a layer begins what comes again and again, where there is a choice."""
    layer = class_of(word)
    return layer.role in ("convolution", "linear") or issubclass(layer, TransposedConvolution | Normalisation | Pad)

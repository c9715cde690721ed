"""What a text is made of, before it is laid out in lines: layers, calls of blocks, merges, repeats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from string import digits
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Number, Token, Tokens, token_text, written
from cnncalc.model.blocks.numbers import Hole, Parameter

UNKNOWN = 0
"""Channels that arrive, where no one number says how many."""

SKIP = "skip"
"""How the labels begin at which something skips layers."""

SQUEEZED = "squeezed"
"""The kind of a width behind a global pool: few numbers that say something about all positions."""


@dataclass(frozen=True)
class Phrase:
    """A piece of text, with the volume that arrives and the one that leaves."""

    before: Volume
    after: Volume
    label: str | None

    @property
    def takes(self) -> str:
        """The label that it takes up itself; "" for none."""
        return ""

    @cached_property
    def text(self) -> str:
        """The phrase on one line."""
        return (f"{self.label}: " if self.label else "") + self.bare_text

    @cached_property
    def bare_text(self) -> str:
        """The phrase without its label."""
        return self.body_text()

    def body_text(self) -> str:
        """Return the phrase without its label."""
        raise NotImplementedError

    @property
    def key(self) -> Any:
        """What phrases share that differ in numbers alone."""
        raise NotImplementedError

    def holes(self) -> Iterator[Hole]:
        """Return the numbers that may differ, in the order of the text."""
        for inside in self.inside():
            yield from holes(inside)

    def filled(self, numbers: Iterator[Number]) -> Phrase:
        """Return the phrase with other numbers, in the same order."""
        return self.holding(tuple([filled(inside, numbers) for inside in self.inside()]))

    def inside(self) -> tuple[Phrases, ...]:
        """Return the sequences that it holds."""
        return ()

    def holding(self, inside: tuple[Phrases, ...]) -> Phrase:
        """Return the phrase with other sequences inside."""
        return self

    def relabelled(self, names: Mapping[str, str]) -> Phrase:
        """Return the phrase with other names for some labels."""
        held = self.holding(tuple([relabelled(inside, names) for inside in self.inside()]))
        return held if self.label is None else replace(held, label=names.get(self.label, self.label))


Phrases = tuple[Phrase, ...]


@dataclass(frozen=True)
class TextStep(Phrase):
    """A layer, or a call of a block; ``argument`` is the label behind a layer's word."""

    word: str
    tokens: Tokens
    call: bool = False
    argument: str = ""

    @property
    def takes(self) -> str:
        return self.argument

    def relabelled(self, names: Mapping[str, str]) -> Phrase:
        renamed = replace(self, argument=names.get(self.argument, self.argument)) if self.argument else self
        return Phrase.relabelled(renamed, names)

    def body_text(self) -> str:
        if not self.call:
            label = (Token(f"@{self.argument}"),) if self.argument else ()
            return written(self.word, (*label, *self.tokens))
        arguments = ", ".join([text.replace("{", "").replace("}", "") for text in map(token_text, self.tokens) if text])
        return f"{self.word}({arguments})" if arguments else self.word

    @property
    def key(self) -> Any:
        tokens = [(t.prefix, t.kinds, t.joint, tuple(_fixed(t)), t.usual if self.call else None) for t in self.tokens]
        return self.word, self.call, self.label, self.argument, tuple(tokens)

    def holes(self) -> Iterator[Hole]:
        squeezed = self.word == "conv" and max(self.before.spatial) == 1
        for token in self.tokens:
            for number, kind in zip(token.numbers, token.kinds, strict=True):
                if kind:
                    yield Hole(number, SQUEEZED if squeezed and kind == "width" else kind, self.before.channels)

    def filled(self, numbers: Iterator[Number]) -> TextStep:
        return replace(self, tokens=tuple([_filled(token, numbers) for token in self.tokens]))


@dataclass(frozen=True)
class TextMerge(Phrase):
    """``add( A | B )``"""

    word: str
    branches: tuple[Phrases, ...]

    def body_text(self) -> str:
        branches = [" - ".join([phrase.text for phrase in branch]) for branch in self.branches]
        return joined_branches(self.word, branches)

    @property
    def key(self) -> Any:
        return self.word, self.label, tuple([keys(branch) for branch in self.branches])

    def inside(self) -> tuple[Phrases, ...]:
        return self.branches

    def holding(self, inside: tuple[Phrases, ...]) -> TextMerge:
        return replace(self, branches=inside)


@dataclass(frozen=True)
class TextJump(Phrase):
    """``@label``"""

    target: str

    @property
    def takes(self) -> str:
        return self.target

    def body_text(self) -> str:
        return f"@{self.target}"

    @property
    def key(self) -> Any:
        return "@", self.target

    def relabelled(self, names: Mapping[str, str]) -> TextJump:
        return replace(self, target=names.get(self.target, self.target))


@dataclass(frozen=True)
class TextRepeat(Phrase):
    """``( … )*3``"""

    body: Phrases
    times: Number

    def body_text(self) -> str:
        inside = " - ".join([phrase.text for phrase in self.body])
        return f"{inside}*{self.times}" if self.bare else f"({inside})*{self.times}"

    @property
    def bare(self) -> bool:
        """Whether it needs no brackets."""
        return len(self.body) == 1 and not isinstance(self.body[0], TextRepeat) and self.body[0].label is None

    @property
    def key(self) -> Any:
        return "*", self.label, keys(self.body)

    def holes(self) -> Iterator[Hole]:
        keeps = self.body[0].before.channels == self.body[-1].after.channels
        for hole in holes(self.body):
            if not self.times:
                yield hole._replace(value=None, channels=UNKNOWN)
            else:  # where channels change, what arrives is another number in every round
                yield hole if keeps else hole._replace(channels=UNKNOWN)
        gate = isinstance(self.body[0], TextMerge) and self.body[0].word == "mul"
        yield Hole(self.times, "se" if gate else "depth", self.before.channels)

    def filled(self, numbers: Iterator[Number]) -> TextRepeat:
        body = filled(self.body, numbers)
        return replace(self, body=body, times=next(numbers))

    def inside(self) -> tuple[Phrases, ...]:
        return (self.body,)

    def holding(self, inside: tuple[Phrases, ...]) -> TextRepeat:
        return replace(self, body=inside[0])


def keys(phrases: Phrases) -> Any:
    """Return what sequences share that differ in numbers alone."""
    return tuple([phrase.key for phrase in phrases])


def holes(phrases: Phrases) -> Iterator[Hole]:
    """Return the numbers of a sequence that may differ."""
    for phrase in phrases:
        yield from phrase.holes()


def filled(phrases: Phrases, numbers: Iterator[Number]) -> Phrases:
    """Return a sequence with other numbers."""
    return tuple([phrase.filled(numbers) for phrase in phrases])


def labels(phrases: Phrases) -> Iterator[str]:
    """Go through the labels that a sequence sets, in the order of the text."""
    for phrase in phrases:
        for inner in phrase.inside():
            yield from labels(inner)
        if phrase.label is not None:
            yield phrase.label


def targets(phrases: Phrases) -> Iterator[str]:
    """Go through the labels that a sequence takes up, as often as it does."""
    for phrase in phrases:
        if phrase.takes:
            yield phrase.takes
        for inner in phrase.inside():
            yield from targets(inner)


def relabelled(phrases: Phrases, names: Mapping[str, str]) -> Phrases:
    """Return a sequence with other names for some labels."""
    return tuple([phrase.relabelled(names) for phrase in phrases])


def numbered(phrases: Phrases, calls: Mapping[str, str] = MappingProxyType({})) -> Phrases:
    """Return a sequence whose labels are numbered in the order of its text.

    ``calls`` are labels of calls with the blocks that they call, after which they are named: so they keep their names
    when the text is built and read again.
    """
    stems = [(label, calls.get(label, label).rstrip(digits)) for label in labels(phrases)]
    names = {label: f"{stem}{number}" for number, (label, stem) in enumerate(stems, 1)}
    return relabelled(phrases, names)


def labelled_calls(phrases: Phrases) -> Iterator[tuple[str, str]]:
    """Go through the labels of calls where something skips layers, each with the block that is called."""
    for phrase in phrases:
        for inner in phrase.inside():
            yield from labelled_calls(inner)
        if phrase.label is not None and isinstance(phrase, TextStep) and phrase.call and phrase.label[:4] == SKIP:
            yield phrase.label, phrase.word


def without_last_label(phrases: Phrases) -> Phrases:
    """Return a sequence whose output has no label: it is the label of the call of the sequence."""
    return (*phrases[:-1], replace(phrases[-1], label=None))


def joined_branches(word: str, branches: list[str]) -> str:
    """Write a merge on one line: ``add( conv 3x3x64 p1 | )``."""
    inside = " | ".join(branches).strip()
    return f"{word}( {inside} )"


def length(phrases: Phrases) -> int:
    """Return how long a sequence is on one line."""
    return sum([len(phrase.text) + 3 for phrase in phrases])


def _fixed(token: Token) -> Iterator[Number]:
    return (number for number, kind in zip(token.numbers, token.kinds, strict=True) if not kind)


def _filled(token: Token, numbers: Iterator[Number]) -> Token:
    if not any(token.kinds):
        return token
    pairs = zip(token.numbers, token.kinds, strict=True)
    return token._replace(numbers=tuple([next(numbers) if kind else number for number, kind in pairs]))


# ---- texts


@dataclass(frozen=True)
class TextBlock:
    """A block of the text, and how it is called in the place of each module."""

    name: str
    parameters: tuple[Parameter, ...]
    body: Phrases
    calls: Mapping[str, TextStep]


class Folded(NamedTuple):
    """A text in its parts: the blocks that it defines, and what it does."""

    blocks: tuple[TextBlock, ...]
    main: Phrases

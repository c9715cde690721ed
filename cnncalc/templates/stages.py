"""The layers of a formula: each gets its size, and each stage a line of its own.

A pool halves the volume and ends a stage; the next stage has twice the filters. A part with a pool in it is written out
as often as it is repeated, since its filters differ; what has none keeps its ``*N``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import prod

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.loading import load
from cnncalc.templates.pattern import PatternPart

MOST_FILTERS = 512
"""Filters that no doubling goes beyond, as in VGG and in the smaller ResNets."""

LEAST_SIDE = 4
"""Height and width that a `POOL?` leaves at least."""

MOST_WRITTEN = 10_000
"""Layers that are written at most."""

POOLS = ("pool", "maxpool", "minpool", "avgpool", "lppool")
_CONVOLUTIONS = ("conv", "dwconv")
_TO_VECTOR = ("gap", "gmp", "flatten")


class StageWriter:
    """Goes through a formula and writes its layers.

    Attributes:
        spatial: height and width, or as many sizes as there are, of the volume that arrives.
        factor: by how much the filters have been doubled.
        filters: those of the last convolution, 0 where there is none.
        uses: the parameters that the text needs, in order: width, hidden, classes.

    """

    def __init__(self, source: Source, numbers: Mapping[str, int], volume: Volume, *, width: int, kernel: int) -> None:
        """Take a formula as text, what its letters stand for, the input, the first filters and the kernel's size."""
        self.source = source
        self.numbers = numbers
        self.spatial = volume.spatial
        self.width = width
        self.kernel = kernel
        self.factor = 1
        self.filters = 0
        self.uses: dict[str, None] = {}
        self._last: PatternPart | None = None
        self._lines: list[list[str]] = [[]]
        self._written = 0
        self._without_size: set[str] = set()

    def lines(self, pattern: PatternPart, last: PatternPart | None) -> list[str]:
        """Return the lines of a formula whose classifier is the part ``last``."""
        self._last = last
        self._sequence(pattern.body)
        joined = [" - ".join(line) for line in self._lines if line]
        return [_repeated(line, len(list(same))) for line, same in groupby(joined)]

    def _sequence(self, parts: Sequence[PatternPart]) -> None:
        """Write parts one after the other; what has a pool in it begins and ends lines."""
        for part, behind in _with_next(parts):
            if part.word in POOLS:
                for _ in range(self._times(part)):
                    self._pool(part)
            elif _has(part, POOLS):
                self._new_line()
                for _ in range(self._times(part)):
                    self._sequence(part.body)
                    self._new_line()
            else:
                if _has(part, ("fc", *_TO_VECTOR)) and prod(self.spatial) > 1:
                    self._new_line()
                self._add(self._plain(part, behind))

    def _plain(self, part: PatternPart, behind: PatternPart | None) -> str:
        """Return the text of a part that no pool is in, or "" where it is repeated zero times."""
        times = self._times(part)
        if not times:
            return ""
        if part.word:
            return _repeated(self._layer(part, behind), times)
        inner = [self._plain(piece, after) for piece, after in _with_next(part.body)]
        return _repeated(" - ".join(text for text in inner if text), times)

    def _layer(self, part: PatternPart, behind: PatternPart | None) -> str:
        """Return the text of one layer, with its size."""
        self._count(part)
        if part.word in _CONVOLUTIONS:
            return self._convolution(part.word, behind)
        if part.word == "fc":
            self.spatial = tuple(1 for _ in self.spatial)
            name = "classes" if part is self._last else "hidden"
            self.uses[name] = None
            return f"fc {{{name}}}"
        if part.word in _TO_VECTOR:
            self.spatial = tuple(1 for _ in self.spatial)
        self._check_needs_no_size(part)
        return "dropout 0.5" if part.word == "dropout" else part.word

    def _convolution(self, word: str, behind: PatternPart | None) -> str:
        """Write a convolution that keeps height and width; a batch normalisation behind it has the bias."""
        sizes = [str(self.kernel) for _ in self.spatial]
        if word == "conv":
            self.filters = self.factor * self.width
            self.uses["width"] = None
            sizes.append("{width}" if self.factor == 1 else f"{{{self.factor}*width}}")
        padding = {True: f"p{self.kernel // 2}", False: "same"}[self.kernel % 2 == 1]
        bias = " nobias" if behind is not None and behind.word == "bn" else ""
        return f"{word} {'x'.join(sizes)}{'' if self.kernel == 1 else f' {padding}'}{bias}"

    def _pool(self, part: PatternPart) -> None:
        """Write a pool that halves every side, with a window of 3 where a side is odd; begin a new stage."""
        if part.optional and min(self.spatial) < 2 * LEAST_SIDE:
            return
        self._count(part)
        if max(self.spatial) == 1:
            message = "nothing is left to pool here: the volume has a height and width of 1"
            hints = ["repeat the stages less often, or write POOL?, which is left out below 8x8"]
            raise SpecError("does-not-fit", message, span=part.span, source=self.source, hints=hints)
        windows = [1 if side == 1 else 2 + side % 2 for side in self.spatial]
        strides = [min(side, 2) for side in self.spatial]
        stride = "2" if min(strides) == 2 else "x".join(map(str, strides))
        self._add(f"{part.word} {'x'.join(map(str, windows))} s{stride}")
        self._new_line()
        self.spatial = tuple(max(1, side // 2) for side in self.spatial)
        if 2 * self.factor * self.width <= MOST_FILTERS:
            self.factor *= 2

    def _add(self, text: str) -> None:
        if text:
            self._lines[-1].append(text)

    def _new_line(self) -> None:
        if self._lines[-1]:
            self._lines.append([])

    def _times(self, part: PatternPart) -> int:
        return prod(int(times) if times.isdigit() else self.numbers[times] for times in part.times)

    def _count(self, part: PatternPart) -> None:
        self._written += 1
        if self._written > MOST_WRITTEN:
            message = f"the formula makes more than {MOST_WRITTEN:,} layers"
            raise SpecError("too-long", message, span=part.span, source=self.source, hints=["repeat it less often"])

    def _check_needs_no_size(self, part: PatternPart) -> None:
        """Refuse a layer that needs a number which no formula says."""
        if part.word in self._without_size:
            return
        try:
            load(part.word, input="x".join([*("8" for _ in self.spatial), "8"]))
            self._without_size.add(part.word)
        except SpecError as error:
            message = f"{part.word} needs a size that a formula does not say: {error.message}"
            hints = ["leave it out here, and write it into the spec afterwards"]
            raise SpecError("bad-size", message, span=part.span, source=self.source, hints=hints) from None


def _with_next(parts: Sequence[PatternPart]) -> Iterator[tuple[PatternPart, PatternPart | None]]:
    """Yield every part with the one behind it."""
    return zip(parts, [*parts[1:], None], strict=True)


def _has(part: PatternPart, words: Sequence[str]) -> bool:
    return any(inner.word in words for inner in part.parts())


def _repeated(text: str, times: int) -> str:
    """Return a text with its repeat, if it has one."""
    if times == 1 or not text:
        return text
    return f"({text})*{times}" if " " in text else f"{text}*{times}"

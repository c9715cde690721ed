"""Grids of numbers: drawn, given in a question, and computed as a student may, with or without a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import mul
from random import Random

from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.layers.operations import Number
from cnncalc.loading import load
from cnncalc.quiz.parts.engine import in_both
from cnncalc.quiz.parts.exercise import GivenGrid, Rows, WorkedLine
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.report.value_sums import sum_lines
from cnncalc.values import Computation, Numbers, compute, unit_sum

INPUT = Bilingual("input", "입력")
FILTER = Bilingual("filter", "필터")
GRADIENT = Bilingual("gradient of the output", "출력의 기울기")


class NumberSource:
    """Whole numbers that follow from a seed alone, on every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def whole(self, low: int, high: int) -> int:
        """Return a number from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def rows(self, height: int, width: int, low: int, high: int) -> Rows:
        """Return a grid of such numbers."""
        return tuple([tuple([self.whole(low, high) for _ in range(width)]) for _ in range(height)])


def channels_given(title: Bilingual, channels: Sequence[Rows]) -> list[GivenGrid]:
    """Return the grids of a question; of several channels each says which one it is."""
    if len(channels) == 1:
        return [GivenGrid(title, channels[0])]
    return [
        GivenGrid(Bilingual(f"{title.en}, channel {place}", f"{title.ko}, 채널 {place}"), rows)
        for place, rows in enumerate(channels)
    ]


def rows_of(numbers: Numbers) -> Rows:
    """Return the first grid of an array."""
    return tuple(map(tuple, next(numbers.grids())[1]))


def convolved(channels: Sequence[Rows], kernel: Sequence[Rows], bias: int, padding: int = 0) -> Computation:
    """Return what the calculator makes of an image with one square filter, conv1; a bias of 0 stands for none."""
    side = len(kernel[0])
    spec = f"conv {side}x{side}x1 p{padding}{'' if bias else ' nobias'}\n"
    network = load(spec, input=f"{len(channels[0])}x{len(channels[0][0])}x{len(channels)}")
    return compute(network, channels, tensors={"conv1.weight": kernel, **({"conv1.bias": bias} if bias else {})})


def correlated(image: Rows, kernel: Rows, padding: int = 0, plus: Number = 0) -> Rows:
    """Return what a square filter makes of one channel with stride 1."""
    weights = [weight for row in kernel for weight in row]
    rows = windows(_padded(image, padding), len(kernel), 1)
    return tuple([tuple([sum(map(mul, window, weights)) + plus for window in row]) for row in rows])


def _padded(image: Rows, padding: int) -> Rows:
    sides = (0,) * padding
    empty = ((0,) * (len(image[0]) + 2 * padding),) * padding
    return (*empty, *[(*sides, *row, *sides) for row in image], *empty)


def flipped(kernel: Rows) -> Rows:
    """Return a filter turned around, as the convolution of mathematics has it."""
    return tuple([row[::-1] for row in kernel[::-1]])


def transposed(rows: Rows) -> Rows:
    """Return a grid with its rows as columns."""
    return tuple(zip(*rows, strict=True))


def ones(height: int, width: int) -> Rows:
    """Return a grid of ones."""
    return ((1,) * width,) * height


def windows(image: Rows, kernel: int, stride: int) -> Iterator[list[list[Number]]]:
    """Yield for each row of windows what every window reads, row by row."""
    for y in range(0, len(image) - kernel + 1, stride):
        yield [
            [image[y + row][x + column] for row in range(kernel) for column in range(kernel)]
            for x in range(0, len(image[0]) - kernel + 1, stride)
        ]


def unit_lines(computation: Computation, layer: str, at: Sequence[int], name: str = "") -> list[WorkedLine]:
    """Return the sum of a unit, product by product; the name is for a line that has none."""
    lines = sum_lines(unit_sum(computation, layer, at), None)
    return [in_both(ArithmeticStep(label or name, text, "")) for label, text in lines]


def every_unit(computation: Computation, layer: str, rows: Rows) -> list[WorkedLine]:
    """Return the sums of all units of one channel; each is called by its row and column."""
    places = [(y, x) for y in range(len(rows)) for x in range(len(rows[0]))]
    return [line for place in places for line in unit_lines(computation, layer, place, str(place))]

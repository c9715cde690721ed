"""Values: the gradient of a max pooling."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from cnncalc.layers.operations import Number, quotient
from cnncalc.loading import load
from cnncalc.quiz.parts.engine import line
from cnncalc.quiz.parts.exercise import Rows, grid
from cnncalc.quiz.parts.grids import GRADIENT, INPUT, NumberSource, channels_given, rows_of, windows
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import GRADIENT_IGNORED, GRADIENT_SPREAD, GRADIENT_TO_ALL, GRADIENT_TO_FIRST
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.values import compute


@register
class PooledGradient(ExerciseKind):
    """The gradient that a max pooling hands to its input."""

    name = "pooled-gradient"
    topic = "values"
    spaces: ClassVar[Spaces] = {3: {"numbers": range(10**6), "height": (2, 4), "width": (2, 4)}}
    question = Bilingual(
        "Max pooling of 2x2 with stride 2 was applied to the input, and this gradient arrives at its output. Which "
        "gradient does the input get, row by row?",
        "입력에 스트라이드 2인 2x2 최대 풀링을 적용했고, 출력으로 다음 기울기가 들어온다. 입력의 기울기를 행별로 "
        "바르게 쓴 것은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where a window has two largest values, or where there is a single window."""
        d, source = drawn, NumberSource(drawn.numbers)
        image = source.rows(d.height, d.width, 0, 9)
        arriving = source.rows(d.height // 2, d.width // 2, 1, 5)
        read = [window for row in windows(image, 2, 2) for window in row]
        if len(read) < 2 or any(window.count(max(window)) > 1 for window in read):
            return None
        network = load("maxpool 2x2 s2\n", input=f"{d.height}x{d.width}x1")
        found = compute(network, image, gradient=arriving)
        assert found.input_gradient is not None  # it was asked for
        right = rows_of(found.input_gradient)
        quarters = [[quotient(value, Fraction(4)) for value in row] for row in arriving]
        wrong = wrongs(
            (grid(_spread(arriving)), GRADIENT_TO_ALL),
            (grid(_spread(quarters)), GRADIENT_SPREAD),
            (grid([[int(value != 0) for value in row] for row in right]), GRADIENT_IGNORED),
            (grid(_first(arriving)), GRADIENT_TO_FIRST),
        )
        given = [*channels_given(INPUT, [image]), *channels_given(GRADIENT, [arriving])]
        name = Bilingual("largest value of each window", "창마다 최댓값")
        largest = grid([list(map(max, row)) for row in windows(image, 2, 2)]).text
        solution = [
            line(name, "", largest),
            line(Bilingual("gradient of the input", "입력의 기울기"), "", grid(right).text),
        ]
        return Drafted(self.question, grid(right), wrong, solution, given=given)


def _spread(arriving: Rows | list[list[Number]]) -> list[list[Number]]:
    """Return a grid of which every value stands in a window of 2x2."""
    return [[value for value in row for _ in range(2)] for row in arriving for _ in range(2)]


def _first(arriving: Rows) -> Rows:
    """Return a grid whose values stand first in windows of 2x2, with 0 elsewhere."""
    rows: list[tuple[Number, ...]] = []
    for row in arriving:
        rows.append(tuple([each for value in row for each in (value, 0)]))
        rows.append((0,) * (2 * len(row)))
    return tuple(rows)

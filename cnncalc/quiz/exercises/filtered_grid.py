"""Values: all that a filter makes."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.exercise import grid
from cnncalc.quiz.parts.grids import (
    FILTER,
    INPUT,
    NumberSource,
    channels_given,
    convolved,
    correlated,
    every_unit,
    flipped,
    ones,
    rows_of,
    transposed,
)
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import filter_words
from cnncalc.quiz.parts.mistakes import FLIPPED, OWN_BIAS_FORGOTTEN, TRANSPOSED, WINDOW_SUM
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FilteredGrid(ExerciseKind):
    """The whole output of a small convolution, by numbers."""

    name = "filtered-grid"
    topic = "values"
    spaces: ClassVar[Spaces] = {
        1: {"numbers": range(10**6), "size": (3,), "kernel": (2,), "bias": (0,), "weight": (0,), "high": (3,)},
        2: {"numbers": range(10**6), "size": (4,), "kernel": (3,), "bias": (1, 2, 3), "weight": (0,), "high": (3,)},
    }
    question = Bilingual(
        "{filter} slides over the input with stride 1 and without padding. Which output comes out, row by row?",
        "{filter} 스트라이드 1, 패딩 없이 입력에 적용한다. 출력을 행별로 바르게 쓴 것은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d, source = drawn, NumberSource(drawn.numbers)
        image = source.rows(d.size, d.size, 0, d.high)
        kernel = source.rows(d.kernel, d.kernel, -d.weight, 2)
        found = convolved([image], [kernel], d.bias)
        right = rows_of(found.output)
        wrong = wrongs(
            (grid(correlated(image, flipped(kernel), plus=d.bias)), FLIPPED),
            (grid(correlated(image, kernel)), OWN_BIAS_FORGOTTEN),
            (grid(correlated(image, transposed(kernel), plus=d.bias)), TRANSPOSED),
            (grid(correlated(image, ones(d.kernel, d.kernel), plus=d.bias)), WINDOW_SUM),
            (grid(transposed(right)), TRANSPOSED),
        )
        given = [*channels_given(INPUT, [image]), *channels_given(FILTER, [kernel])]
        solution = every_unit(found, "conv1", right)
        return Drafted(
            self.question.filled({**d, "filter": filter_words(d.bias)}), grid(right), wrong, solution, given=given
        )

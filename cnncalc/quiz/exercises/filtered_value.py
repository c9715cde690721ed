"""Values: one value of what a filter makes."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.exercise import Rows, number
from cnncalc.quiz.parts.grids import (
    FILTER,
    INPUT,
    NumberSource,
    channels_given,
    convolved,
    correlated,
    flipped,
    ones,
    transposed,
    unit_lines,
)
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, WrongAnswer, register, wrongs
from cnncalc.quiz.parts.layer_words import filter_words
from cnncalc.quiz.parts.mistakes import (
    FLIPPED,
    NEIGHBOUR,
    ONE_INPUT_CHANNEL,
    OWN_BIAS_FORGOTTEN,
    TRANSPOSED,
    WINDOW_SUM,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FilteredValue(ExerciseKind):
    """One value of a convolution, by numbers."""

    name = "filtered-value"
    topic = "values"
    spaces: ClassVar[Spaces] = {
        1: {
            "numbers": range(10**6),
            "size": (5,),
            "channels": (1,),
            "high": (1,),
            "weight": (0,),
            "bias": (0,),
            "padding": (0,),
            "row": (0, 1, 2),
            "column": (0, 1, 2),
        },
        2: {
            "numbers": range(10**6),
            "size": (4,),
            "channels": (1,),
            "high": (3,),
            "weight": (1,),
            "bias": (1, 2, 3, -1, -2),
            "padding": (1,),
            "row": (0, 1, 2, 3),
            "column": (0, 1, 2, 3),
        },
        3: {
            "numbers": range(10**6),
            "size": (4,),
            "channels": (2,),
            "high": (3,),
            "weight": (2,),
            "bias": (1, 2, -1, -3),
            "padding": (0,),
            "row": (0, 1),
            "column": (0, 1),
        },
    }
    question = Bilingual(
        "{filter} slides over the input with stride 1 and padding {padding}. Which value does the "
        "output have in row {row}, column {column}, both counted from 0?",
        "{filter} 입력에 적용한다(스트라이드 1, 패딩 {padding}). 출력의 {row}행 {column}열의 값은 "
        "얼마인가? 행과 열은 0부터 센다.",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; filters are of 0 and 1 at the first level."""
        d, source = drawn, NumberSource(drawn.numbers)
        image = [source.rows(d.size, d.size, 0, d.high) for _ in range(d.channels)]
        kernel = [source.rows(3, 3, -d.weight, max(1, d.weight)) for _ in range(d.channels)]
        found = convolved(image, kernel, d.bias, d.padding)
        place = (d.row, d.column)
        right = found.output.at(0, *place)
        if not any(map(any, image[0][d.row : d.row + 3])):
            return None
        solution = unit_lines(found, "conv1", place, f"({d.row}, {d.column})")
        given = [*channels_given(INPUT, image), *channels_given(FILTER, kernel)]
        question = self.question.filled({**d, "filter": filter_words(d.bias)})
        return Drafted(question, number(right), _wrong(d, image, kernel), solution, given=given)


def _wrong(drawn: Drawn, image: list[Rows], kernel: list[Rows]) -> list[WrongAnswer]:
    """Return what mistakes lead to."""
    d = drawn

    def made(filters: list[Rows], row: int = d.row, column: int = d.column, channels: int = d.channels) -> int:
        maps = [correlated(image[place], filters[place], d.padding) for place in range(channels)]
        return int(sum([each[row % len(each)][column % len(each)] for each in maps])) + d.bias

    return wrongs(
        (number(made(kernel) - d.bias), OWN_BIAS_FORGOTTEN),
        (number(made(list(map(flipped, kernel)))), FLIPPED),
        (number(made(kernel, channels=1)), ONE_INPUT_CHANNEL),
        (number(made(kernel, column=d.column + 1)), NEIGHBOUR),
        (number(made([ones(3, 3)] * d.channels)), WINDOW_SUM),
        (number(made(list(map(transposed, kernel)))), TRANSPOSED),
        (number(made(kernel, row=d.row + 1)), NEIGHBOUR),
    )

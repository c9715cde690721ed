"""Values: the gradient of the weights of a filter."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.loading import load
from cnncalc.quiz.parts.engine import line
from cnncalc.quiz.parts.exercise import WorkedLine, grid
from cnncalc.quiz.parts.grids import (
    FILTER,
    GRADIENT,
    INPUT,
    NumberSource,
    channels_given,
    correlated,
    flipped,
    ones,
    rows_of,
    transposed,
)
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import FLIPPED_GRADIENT, GRADIENT_FILTERED, GRADIENT_IGNORED, TRANSPOSED
from cnncalc.quiz.parts.phrases import Bilingual, same
from cnncalc.report.number_grids import number_text
from cnncalc.report.value_sums import products_text
from cnncalc.values import Computation, compute, tensor_gradient_sum


@register
class WeightGradient(ExerciseKind):
    """The gradient of the weights of a small convolution: the input under the gradient of the output."""

    name = "weight-gradient"
    topic = "values"
    spaces: ClassVar[Spaces] = {3: {"numbers": range(10**6), "kernel": (2,)}}
    question = Bilingual(
        "The filter was applied to the input with stride 1 and without padding, and this gradient arrives at the "
        "output. Which gradient do the weights of the filter get, row by row?",
        "필터를 스트라이드 1, 패딩 없이 입력에 적용했고, 출력으로 다음 기울기가 들어온다. 필터의 가중치에 대한 "
        "기울기를 행별로 바르게 쓴 것은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        source = NumberSource(drawn.numbers)
        image, kernel, arriving = source.rows(3, 3, 0, 4), source.rows(2, 2, -1, 2), source.rows(2, 2, -1, 2)
        network = load("conv 2x2x1\n", input="3x3x1")
        found = compute(network, image, tensors={"conv1.weight": kernel, "conv1.bias": 0}, gradient=arriving)
        right = rows_of(found.layers[0].state_gradients["weight"])
        products = [[a * b for a, b in zip(*rows, strict=True)] for rows in zip(kernel, arriving, strict=True)]
        wrong = wrongs(
            (grid(correlated(image, ones(2, 2))), GRADIENT_IGNORED),
            (grid(correlated(image, flipped(arriving))), FLIPPED_GRADIENT),
            (grid(products), GRADIENT_FILTERED),
            (grid(correlated(image, transposed(arriving))), TRANSPOSED),
        )
        solution = [_sum(found, y, x) for y in range(2) for x in range(2)]
        given = [
            *channels_given(INPUT, [image]),
            *channels_given(FILTER, [kernel]),
            *channels_given(GRADIENT, [arriving]),
        ]
        return Drafted(self.question, grid(right), wrong, solution, given=given)


def _sum(found: Computation, row: int, column: int) -> WorkedLine:
    """Return the sum of the gradient of one weight."""
    one = tensor_gradient_sum(found, "conv1", "weight", (0, 0, row, column))
    return line(same(f"({row}, {column})"), products_text(one.products, None), number_text(one.result))

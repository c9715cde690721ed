"""Values: a filter, a bias and a ReLU."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.loading import load
from cnncalc.quiz.parts.exercise import Rows, grid
from cnncalc.quiz.parts.grids import (
    FILTER,
    INPUT,
    NumberSource,
    channels_given,
    correlated,
    every_unit,
    flipped,
    rows_of,
)
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import filter_words
from cnncalc.quiz.parts.mistakes import BIAS_AFTER_RELU, FLIPPED, OWN_BIAS_FORGOTTEN, RELU_FORGOTTEN, SIGN_DROPPED
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.values import compute


@register
class RectifiedGrid(ExerciseKind):
    """The output of a convolution with a ReLU behind it, by numbers."""

    name = "rectified-grid"
    topic = "values"
    spaces: ClassVar[Spaces] = {
        2: {"numbers": range(10**6), "size": (3,), "kernel": (2,), "bias": (-2, -1, 1, 2)},
        3: {"numbers": range(10**6), "size": (4,), "kernel": (3,), "bias": (-3, -2, -1, 1, 2)},
    }
    question = Bilingual(
        "{filter} slides over the input with stride 1 and without padding, and a ReLU follows. Which output comes out, "
        "row by row?",
        "{filter} 스트라이드 1, 패딩 없이 입력에 적용하고, 이어서 ReLU를 적용한다. 출력을 행별로 바르게 쓴 것은 어느 "
        "것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the ReLU changes nothing."""
        d, source = drawn, NumberSource(drawn.numbers)
        image, kernel = source.rows(d.size, d.size, 0, 3), source.rows(d.kernel, d.kernel, -2, 2)
        network = load(f"conv {d.kernel}x{d.kernel}x1 - relu\n", input=f"{d.size}x{d.size}x1")
        found = compute(network, image, tensors={"conv1.weight": kernel, "conv1.bias": d.bias})
        right, before = rows_of(found.output), correlated(image, kernel, plus=d.bias)
        if right == before or not any(map(any, right)):
            return None
        bare = _mapped(correlated(image, kernel), rectified=True)
        wrong = wrongs(
            (grid(before), RELU_FORGOTTEN),
            (grid(bare), OWN_BIAS_FORGOTTEN),
            (grid(_mapped(before, rectified=False)), SIGN_DROPPED),
            (grid([[value + d.bias for value in row] for row in bare]), BIAS_AFTER_RELU),
            (grid(_mapped(correlated(image, flipped(kernel), plus=d.bias), rectified=True)), FLIPPED),
        )
        given = [*channels_given(INPUT, [image]), *channels_given(FILTER, [kernel])]
        solution = [*every_unit(found, "conv1", before), *every_unit(found, "relu1", right)]
        question = self.question.filled({"filter": filter_words(d.bias)})
        return Drafted(question, grid(right), wrong, solution, given=given)


def _mapped(rows: Rows, *, rectified: bool) -> Rows:
    """Return max(0, x) of every value, or its amount."""
    return tuple([tuple([value if value > 0 else 0 if rectified else -value for value in row]) for row in rows])

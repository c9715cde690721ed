"""Values: what a pooling makes."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from cnncalc.layers.operations import quotient
from cnncalc.loading import load
from cnncalc.quiz.parts.exercise import grid
from cnncalc.quiz.parts.grids import INPUT, NumberSource, channels_given, every_unit, rows_of, windows
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import FIRST_TAKEN, MEAN_TAKEN, SMALLEST, STRIDE_ONE
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.values import compute


@register
class PooledGrid(ExerciseKind):
    """The output of a max pooling, by numbers."""

    name = "pooled-grid"
    topic = "values"
    spaces: ClassVar[Spaces] = {
        1: {"numbers": range(10**6), "size": (4,), "kernel": (2,), "stride": (2,)},
        2: {"numbers": range(10**6), "size": (5,), "kernel": (3,), "stride": (2,)},
    }
    question = Bilingual(
        "Which output does max pooling of {kernel}x{kernel} with stride {stride} make of the input, row by row?",
        "입력에 스트라이드 {stride}인 {kernel}x{kernel} 최대 풀링을 적용한다. 출력을 행별로 바르게 쓴 것은 어느 "
        "것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        image = NumberSource(d.numbers).rows(d.size, d.size, 0, 9)
        network = load(f"maxpool {d.kernel}x{d.kernel} s{d.stride}\n", input=f"{d.size}x{d.size}x1")
        found = compute(network, image)
        right = rows_of(found.output)
        rows = list(windows(image, d.kernel, d.stride))
        mean = [[quotient(sum(window), Fraction(len(window))) for window in row] for row in rows]
        wrong = wrongs(
            (grid([[window[0] for window in row] for row in rows]), FIRST_TAKEN),
            (grid(mean), MEAN_TAKEN),
            (grid([list(map(max, row)) for row in windows(image, d.kernel, 1)]), STRIDE_ONE),
            (grid([list(map(min, row)) for row in rows]), SMALLEST),
        )
        solution = every_unit(found, "pool1", right)
        return Drafted(self.question.filled(d), grid(right), wrong, solution, given=channels_given(INPUT, [image]))

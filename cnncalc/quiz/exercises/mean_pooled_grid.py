"""Values: what a mean pooling makes."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from cnncalc.layers.operations import quotient
from cnncalc.loading import load
from cnncalc.quiz.parts.exercise import grid
from cnncalc.quiz.parts.grids import INPUT, NumberSource, channels_given, every_unit, rows_of, windows
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import DIVIDED_BY_SIDE, FIRST_TAKEN, LARGEST_TAKEN, NOT_DIVIDED
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.values import compute


@register
class MeanPooledGrid(ExerciseKind):
    """The output of a mean pooling, by numbers, with exact fractions."""

    name = "mean-pooled-grid"
    topic = "values"
    spaces: ClassVar[Spaces] = {2: {"numbers": range(10**6), "size": (4, 6), "kernel": (2, 3)}}
    question = Bilingual(
        "Which output does mean pooling of {kernel}x{kernel} with stride {kernel} make of the input, row by row?",
        "입력에 스트라이드 {kernel}인 {kernel}x{kernel} 평균 풀링을 적용한다. 출력을 행별로 바르게 쓴 것은 어느 "
        "것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the output is not 2x2."""
        d = drawn
        if d.size != 2 * d.kernel:
            return None
        image = NumberSource(d.numbers).rows(d.size, d.size, 0, 9)
        found = compute(load(f"avgpool {d.kernel}x{d.kernel} s{d.kernel}\n", input=f"{d.size}x{d.size}x1"), image)
        right = rows_of(found.output)
        rows = list(windows(image, d.kernel, d.kernel))
        halved = [[quotient(sum(window), Fraction(d.kernel)) for window in row] for row in rows]
        wrong = wrongs(
            (grid([list(map(max, row)) for row in rows]), LARGEST_TAKEN),
            (grid([list(map(sum, row)) for row in rows]), NOT_DIVIDED),
            (grid(halved), DIVIDED_BY_SIDE),
            (grid([[window[0] for window in row] for row in rows]), FIRST_TAKEN),
        )
        solution = every_unit(found, found.layers[0].name, right)
        return Drafted(self.question.filled(d), grid(right), wrong, solution, given=channels_given(INPUT, [image]))

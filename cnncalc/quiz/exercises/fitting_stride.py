"""What fits: which stride."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.fitting import what_fits
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register
from cnncalc.quiz.parts.phrases import Bilingual

STRIDES = (2, 3, 4, 5, 6, 7)


@register
class FittingStride(ExerciseKind):
    """The stride with which a window fits a whole number of times; 1 always fits, and is not offered."""

    name = "fitting-stride"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        1: {"size": (7, 8, 9, 10, 11, 12, 13, 14), "kernel": (2, 3, 4, 5), "padding": (0,), "stride": STRIDES[:4]},
        2: {
            "size": (15, 16, 27, 28, 32, 55, 56, 64, 112, 224, 227),
            "kernel": (3, 5, 7, 11),
            "padding": (0, 1, 2, 3),
            "stride": STRIDES,
        },
    }
    question = Bilingual(
        "Filters of {kernel}x{kernel} slide over an input of {size}x{size} with padding {padding}. Which of these "
        "strides fits?",
        "패딩 {padding}인 {size}x{size} 입력 위로 {kernel}x{kernel} 필터가 움직인다. 다음 중 맞는 스트라이드는 어느 "
        "것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the stride does not fit, or where fewer than three others do not."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        tried = {stride: (Window(d.kernel, stride, d.padding, d.padding), d.size) for stride in STRIDES}
        return what_fits(self.question.filled(d), d.stride, tried, number)

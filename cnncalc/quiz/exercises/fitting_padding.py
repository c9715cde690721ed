"""What fits: which padding."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.fitting import what_fits
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register
from cnncalc.quiz.parts.phrases import Bilingual

PADDINGS = (0, 1, 2, 3, 4, 5)


@register
class FittingPadding(ExerciseKind):
    """The padding, the same on both sides, with which a stride fits."""

    name = "fitting-padding"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        2: {
            "size": (8, 10, 12, 13, 14, 16, 17, 20, 28),
            "kernel": (4, 5, 6),
            "stride": (3, 4),
            "padding": PADDINGS[:5],
        },
        3: {
            "size": (27, 28, 31, 32, 55, 64, 112, 224, 227),
            "kernel": (5, 6, 7, 11),
            "stride": (3, 4, 5, 6),
            "padding": PADDINGS[:5],
        },
    }
    question = Bilingual(
        "Filters of {kernel}x{kernel} slide over an input of {size}x{size} with stride {stride}. Which of these "
        "paddings, the same on both sides, fits?",
        "{size}x{size} 입력 위로 {kernel}x{kernel} 필터가 스트라이드 {stride}씩 움직인다. 양쪽에 똑같이 더할 때 맞는 "
        "패딩은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the padding does not fit."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        tried = {padding: (Window(d.kernel, d.stride, padding, padding), d.size) for padding in PADDINGS}
        return what_fits(self.question.filled(d), d.padding, tried, number)

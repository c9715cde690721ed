"""What fits: which input."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.exercise import side
from cnncalc.quiz.parts.fitting import what_fits
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FittingSize(ExerciseKind):
    """The size of an input that a window fits."""

    name = "fitting-size"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        1: {"size": (7, 8, 9, 10, 11, 12, 13), "kernel": (3, 4, 5), "stride": (3, 4), "padding": (0,)},
        2: {"size": tuple(range(24, 72, 3)), "kernel": (3, 5, 7), "stride": (3, 4), "padding": (0, 1, 2)},
        3: {"size": tuple(range(100, 260, 7)), "kernel": (5, 7, 11), "stride": (3, 4, 5, 6), "padding": (0, 1, 2, 3)},
    }
    question = Bilingual(
        "Filters of {kernel}x{kernel} have stride {stride} and padding {padding}. Which of these inputs do they fit?",
        "스트라이드 {stride}, 패딩 {padding}인 {kernel}x{kernel} 필터가 있다. 다음 중 이 필터가 맞는 입력의 크기는 "
        "어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the size does not fit."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        window = Window(d.kernel, d.stride, d.padding, d.padding)
        sizes = [d.size + change for change in (0, 1, -1, 2, -2) if d.size + change >= d.kernel]
        return what_fits(self.question.filled(d), d.size, {size: (window, size) for size in sizes}, side)

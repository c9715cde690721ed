"""Design: which stride makes a size."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.engine import misfit, window_line
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, WrongAnswer, register
from cnncalc.quiz.parts.mistakes import ANOTHER_SIZE, NOT_WHOLE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class StrideForSize(ExerciseKind):
    """The stride that leads from one size to another."""

    name = "stride-for-size"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        1: {"made": (3, 4, 5, 6, 7, 8, 10, 13, 14, 16), "kernel": (2, 3, 5), "padding": (0,), "stride": (1, 2, 3, 4)},
        2: {
            "made": (14, 16, 27, 28, 55, 56, 64),
            "kernel": (3, 5, 7, 11),
            "padding": (1, 2, 3),
            "stride": (1, 2, 3, 4),
        },
    }
    question = Bilingual(
        "Filters of {kernel}x{kernel} with padding {padding} are to make {made}x{made} of {size}x{size}. Which "
        "stride do they need?",
        "패딩 {padding}인 {kernel}x{kernel} 필터로 {size}x{size} 입력에서 {made}x{made} 출력을 만들려고 한다. "
        "스트라이드는 얼마여야 하는가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; each wrong stride says what it would make."""
        d = drawn
        size = (d.made - 1) * d.stride + d.kernel - 2 * d.padding
        if d.padding >= d.kernel or size < d.kernel:
            return None
        windows = {stride: Window(d.kernel, stride, d.padding, d.padding) for stride in range(1, 6)}
        sizes = {stride: window.outputs(size, "floor") for stride, window in windows.items()}
        others = [stride for stride in windows if sizes[stride] != d.made]  # not one that is rounded to the same
        wrong = [WrongAnswer(number(stride), _why(windows[stride], size)) for stride in others]
        solution = [window_line(windows[d.stride], size)]
        return Drafted(self.question.filled({**d, "size": size}), number(d.stride), wrong, solution)


def _why(window: Window, size: int) -> Bilingual:
    """Return what is wrong with a stride."""
    if window.fits(size):
        return ANOTHER_SIZE.filled({"size": f"{window.result(size)}x{window.result(size)}"})
    return NOT_WHOLE.filled({"sum": misfit(window, size)})

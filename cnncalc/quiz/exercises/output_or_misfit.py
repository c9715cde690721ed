"""What fits: whether a stride fits, and what comes out if it does."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.engine import counted, window_line
from cnncalc.quiz.parts.exercise import Answer, side
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    FITS,
    PADDING_FORGOTTEN,
    PLUS_ONE_FORGOTTEN,
    ROUNDED_DOWN,
    ROUNDED_UP,
    STRIDE_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs

DOES_NOT_FIT = Answer(Bilingual("the filter does not fit", "필터가 맞지 않는다"))


@register
class OutputOrMisfit(ExerciseKind):
    """The size of what comes out, if a window fits at all."""

    name = "output-or-misfit"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        1: {"size": (5, 6, 7, 8, 9, 10, 11, 12), "kernel": (2, 3, 4), "stride": (2, 3), "padding": (0, 1)},
        2: {
            "size": (27, 28, 32, 55, 56, 64, 224, 227),
            "kernel": (3, 5, 7, 11),
            "stride": (2, 3, 4),
            "padding": (0, 1, 2),
        },
    }
    question = Bilingual(
        "A filter of {kernel}x{kernel} slides over an input of {size}x{size} with stride {stride} and padding "
        "{padding}, and nothing is rounded. How large is the output?",
        "패딩 {padding}인 {size}x{size} 입력 위로 {kernel}x{kernel} 필터가 스트라이드 {stride}씩 움직인다. "
        "반올림이나 버림은 하지 않는다. 출력의 크기는 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        window = Window(d.kernel, d.stride, d.padding, d.padding)
        down = outputs(d.size, d.kernel, d.stride, 2 * d.padding)
        question, solution = self.question.filled(d), [window_line(window, d.size)]
        forgotten = side(outputs(d.size, d.kernel, d.stride)) if d.padding else None
        if not window.fits(d.size):
            wrong = wrongs(
                (side(down), ROUNDED_DOWN),
                (side(down + 1), ROUNDED_UP),
                (side(down - 1) if down > 1 else None, PLUS_ONE_FORGOTTEN),
                (forgotten, PADDING_FORGOTTEN),
            )
            return Drafted(question, DOES_NOT_FIT, wrong, solution)
        right = counted(
            f"conv {d.kernel}x{d.kernel}x1 s{d.stride} p{d.padding}", f"{d.size}x{d.size}x1"
        ).network.output[0]
        fits = FITS.filled({"sum": solution[0].en.sum + f" = {right}"})
        wrong = wrongs(
            (DOES_NOT_FIT, fits),
            (side(right - 1) if right > 1 else None, PLUS_ONE_FORGOTTEN),
            (forgotten, PADDING_FORGOTTEN),
            (side(outputs(d.size, d.kernel, 1, 2 * d.padding)), STRIDE_FORGOTTEN),
        )
        return Drafted(question, side(right), wrong, solution)

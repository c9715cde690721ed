"""Sizes: what comes out of a dilated convolution."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    DILATION_FORGOTTEN,
    DILATION_TIMES_KERNEL,
    INPUT_CHANNELS,
    PADDING_FORGOTTEN,
    PLUS_ONE_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square


@register
class DilatedOutput(ExerciseKind):
    """The output volume of a dilated convolution."""

    name = "dilated-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (24, 28, 32, 48, 56, 64),
            "channels": (3, 16, 64),
            "kernel": (3, 5),
            "filters": (8, 20, 32),
            "dilation": (2, 3, 4),
            "padding": (0, 1, 2, 4),
        }
    }
    question = Bilingual(
        "An input of {size}x{size}x{channels} goes through {filters} filters of {kernel}x{kernel} with dilation "
        "{dilation}, stride 1 and padding {padding}. Which volume comes out?",
        "{size}x{size}x{channels} 입력에 팽창률 {dilation}, 스트라이드 1, 패딩 {padding}인 {kernel}x{kernel} 필터 "
        "{filters}개를 적용한다. 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} d{d.dilation} p{d.padding}"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        output, padded = counts.network.output, 2 * d.padding
        wide = d.dilation * d.kernel
        wrong = wrongs(
            (square(outputs(d.size, d.kernel, 1, padded), d.filters), DILATION_FORGOTTEN),
            (square(outputs(d.size, wide, 1, padded), d.filters), DILATION_TIMES_KERNEL),
            (square(output[0] - padded, d.filters) if padded else None, PADDING_FORGOTTEN),
            (square(output[0] - 1, d.filters), PLUS_ONE_FORGOTTEN),
            (square(output[0], d.channels), INPUT_CHANNELS),
        )
        return Drafted(self.question.filled(d), volume(output), wrong, worked(counts, SIZES))

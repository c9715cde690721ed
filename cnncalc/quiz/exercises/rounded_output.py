"""Sizes: what comes out where the quotient is rounded down, as PyTorch does it."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import INPUT_CHANNELS, PADDING_FORGOTTEN, PLUS_ONE_FORGOTTEN, ROUNDED_UP
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square


@register
class RoundedOutput(ExerciseKind):
    """The output volume of a convolution that does not fit, rounded down."""

    name = "rounded-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (28, 32, 56, 64, 112, 224, 256),
            "channels": (3, 16, 64),
            "kernel": (3, 5, 7),
            "filters": (24, 32, 96),
            "stride": (2, 3, 4),
            "padding": (0, 1, 2, 3),
        }
    }
    question = Bilingual(
        "PyTorch rounds down where a window does not fit. What does it make of an input of {size}x{size}x{channels} "
        "with {filters} filters of {kernel}x{kernel}, stride {stride} and padding {padding}?",
        "PyTorch는 창이 맞지 않으면 버림한다. {size}x{size}x{channels} 입력에 스트라이드 {stride}, 패딩 {padding}인 "
        "{kernel}x{kernel} 필터 {filters}개를 적용하면 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where the window fits, or where padding fills whole windows."""
        d = drawn
        room = d.size - d.kernel + 2 * d.padding
        if room % d.stride == 0 or d.padding >= d.kernel:
            return None
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} s{d.stride} p{d.padding} floor"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        output = counts.network.output
        wrong = wrongs(
            (square(-(-room // d.stride) + 1, d.filters), ROUNDED_UP),
            (square(room // d.stride, d.filters), PLUS_ONE_FORGOTTEN),
            (square(outputs(d.size, d.kernel, d.stride), d.filters) if d.padding else None, PADDING_FORGOTTEN),
            (square(output[0], d.channels), INPUT_CHANNELS),
        )
        return Drafted(self.question.filled(d), volume(output), wrong, worked(counts, SIZES))

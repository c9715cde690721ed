"""Sizes: what comes out of a transposed convolution."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    MINUS_ONE_FORGOTTEN,
    ONLY_MULTIPLIED,
    ORDINARY_CONVOLUTION,
    PADDING_FORGOTTEN,
    PADDING_WRONG_WAY,
)
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square


@register
class TransposedOutput(ExerciseKind):
    """The output volume of a transposed convolution."""

    name = "transposed-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (4, 7, 8, 14, 16, 28, 32),
            "channels": (16, 64, 128),
            "kernel": (2, 3, 4, 5),
            "filters": (8, 32, 48),
            "stride": (2, 3),
            "padding": (0, 1),
        }
    }
    question = Bilingual(
        "A transposed convolution has {filters} filters of {kernel}x{kernel}, stride {stride} and padding {padding}. "
        "Which volume does it make of {size}x{size}x{channels}?",
        "스트라이드 {stride}, 패딩 {padding}인 {kernel}x{kernel} 필터 {filters}개로 {size}x{size}x{channels} 입력에 "
        "전치 합성곱을 적용한다. 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        spec = f"deconv {d.kernel}x{d.kernel}x{d.filters} s{d.stride} p{d.padding}"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        size, padded = counts.network.output[0], 2 * d.padding
        wrong = wrongs(
            (square(outputs(d.size, d.kernel, d.stride, padded), d.filters), ORDINARY_CONVOLUTION),
            (square(size + padded, d.filters) if padded else None, PADDING_FORGOTTEN),
            (square(size + 2 * padded, d.filters) if padded else None, PADDING_WRONG_WAY),
            (square(size + d.stride, d.filters), MINUS_ONE_FORGOTTEN),
            (square(d.size * d.stride, d.filters), ONLY_MULTIPLIED),
        )
        return Drafted(self.question.filled(d), volume(counts.network.output), wrong, worked(counts, SIZES))

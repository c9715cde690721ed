"""Sizes: what comes out of a convolution."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import INPUT_CHANNELS, ONE_CHANNEL
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import square, window_mistakes


@register
class ConvolutionOutput(ExerciseKind):
    """The output volume of a convolution that fits."""

    name = "convolution-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        1: {
            "size": (7, 8, 12, 16, 28, 32),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (4, 6, 8, 10),
            "stride": (1,),
            "padding": (0, 1, 2),
        },
        2: {
            "size": (15, 27, 28, 32, 55, 56, 64, 112, 224, 227),
            "channels": (3, 16, 64, 96, 192),
            "kernel": (2, 3, 5, 7, 11),
            "filters": (8, 10, 12, 24, 32, 128, 256),
            "stride": (2, 3, 4),
            "padding": (0, 1, 2, 3),
        },
    }
    question = Bilingual(
        "An input of {size}x{size}x{channels} goes through {filters} filters of {kernel}x{kernel} with stride {stride} "
        "and padding {padding}. Which volume comes out?",
        "{size}x{size}x{channels} 입력에 스트라이드 {stride}, 패딩 {padding}인 {kernel}x{kernel} 필터 {filters}개를 "
        "적용한다. 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; None where a filter has more padding than any row of its own."""
        if drawn.padding >= drawn.kernel or drawn.filters == drawn.channels:
            return None
        d = drawn
        counts = counted(
            f"conv {d.kernel}x{d.kernel}x{d.filters} s{d.stride} p{d.padding}", f"{d.size}x{d.size}x{d.channels}"
        )
        output = counts.network.output
        sizes = window_mistakes(d.size, d.kernel, d.stride, d.padding)
        wrong = wrongs(
            (square(output[0], d.channels), INPUT_CHANNELS),
            *[(square(size, d.filters), mistake) for size, mistake in sizes if size is not None],
            (square(output[0], 1), ONE_CHANNEL),
        )
        return Drafted(self.question.filled(d), volume(output), wrong, worked(counts, SIZES))

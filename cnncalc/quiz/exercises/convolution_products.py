"""Multiplications: those of a convolution."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, SIZES, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    BIAS_MULTIPLIED,
    DEPTH_FORGOTTEN,
    FILTERS_FORGOTTEN,
    INPUT_POSITIONS,
    PARAMETERS_COUNTED,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class ConvolutionProducts(ExerciseKind):
    """The multiplications of a convolution for one image."""

    name = "convolution-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        1: {
            "size": (4, 5, 6, 8, 10, 12),
            "channels": (1, 3),
            "kernel": (2, 3, 5),
            "filters": (1, 2, 4),
            "stride": (1,),
            "padding": (0,),
        },
        2: {
            "size": (15, 27, 28, 32, 57, 227),
            "channels": (3, 16, 64),
            "kernel": (1, 3, 5, 11),
            "filters": (8, 10, 32, 96),
            "stride": (1, 2, 4),
            "padding": (0, 1, 2),
        },
    }
    question = Bilingual(
        "How many multiplications does a convolution with {filters} {some} of {kernel}x{kernel}, stride {stride} and "
        "padding {padding} take on an input of {size}x{size}x{channels}?",
        "{size}x{size}x{channels} 입력에 스트라이드 {stride}, 패딩 {padding}인 {kernel}x{kernel} 필터 {filters}개를 "
        "적용하는 합성곱에는 곱셈이 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} s{d.stride} p{d.padding}"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        right, output = counts.network.macs, counts.network.output
        wrong = wrongs(
            (number(right // d.channels), DEPTH_FORGOTTEN),
            (number(right // output.values * d.size * d.size * d.filters), INPUT_POSITIONS),
            (number(right // d.filters), FILTERS_FORGOTTEN),
            (number(right + output.values), BIAS_MULTIPLIED),
            (number(right // (output[0] * output[1])), PARAMETERS_COUNTED),
        )
        question = self.question.filled({**d, "some": "filter" if d.filters == 1 else "filters"})
        return Drafted(question, number(right), wrong, worked(counts, (*SIZES, *MACS)))

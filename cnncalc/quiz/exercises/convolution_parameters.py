"""Parameters: those of a convolution with biases."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_FORGOTTEN, DEPTH_FORGOTTEN, NOT_SHARED, ONE_BIAS, ONE_SIDE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class ConvolutionParameters(ExerciseKind):
    """The parameters of a convolution whose filters have a bias each."""

    name = "convolution-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        1: {
            "size": (28, 32, 64),
            "channels": (1, 3),
            "kernel": (3, 5, 7),
            "filters": (4, 6, 8, 10, 16),
        },
        2: {
            "size": (14, 28, 56, 112),
            "channels": (16, 32, 64, 96, 128),
            "kernel": (1, 3, 5),
            "filters": (24, 48, 64, 100, 256),
        },
    }
    question = Bilingual(
        "A convolution has {filters} filters of {kernel}x{kernel}, each with a bias, on an input of "
        "{size}x{size}x{channels}. It keeps the size of the input. How many parameters does it have?",
        "{size}x{size}x{channels} 입력에 {kernel}x{kernel} 필터 {filters}개를 적용하여 크기를 유지하는 합성곱층이 "
        "있다. 필터마다 편향이 하나씩 있을 때 파라미터는 모두 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x{d.filters} same", f"{d.size}x{d.size}x{d.channels}")
        weights = d.kernel * d.kernel * d.channels * d.filters
        right = counts.network.params
        wrong = wrongs(
            (number(weights), BIAS_FORGOTTEN),
            (number((d.kernel * d.kernel + 1) * d.filters), DEPTH_FORGOTTEN),
            (number(weights + 1), ONE_BIAS),
            (number(right * d.size * d.size), NOT_SHARED),
            (number((d.kernel * d.channels + 1) * d.filters), ONE_SIDE),
        )
        return Drafted(self.question.filled(d), number(right), wrong, worked(counts, PARAMETERS))

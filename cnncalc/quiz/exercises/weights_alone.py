"""Parameters: those of a convolution without biases."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_COUNTED, DEPTH_FORGOTTEN, FILTERS_FORGOTTEN, ONE_SIDE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class WeightsAlone(ExerciseKind):
    """The parameters of a convolution without biases, as VGG's table counts them."""

    name = "weights-alone"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        1: {"channels": (3, 16, 32, 64), "kernel": (3, 5), "filters": (8, 24, 64, 128)},
        2: {"channels": (48, 96, 128, 192, 256, 512), "kernel": (1, 3, 5, 7), "filters": (32, 64, 160, 256, 512)},
    }
    question = Bilingual(
        "CONV{kernel}-{filters} has {filters} filters of {kernel}x{kernel} without biases, on a volume with {channels} "
        "channels. How many parameters does the layer have?",
        "CONV{kernel}-{filters} 층은 채널이 {channels}개인 볼륨에 편향 없이 {kernel}x{kernel} 필터 {filters}개를 "
        "적용한다. 이 층의 파라미터는 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x{d.filters} same nobias", f"14x14x{d.channels}")
        right = counts.network.params
        wrong = wrongs(
            (number(right + d.filters), BIAS_COUNTED),
            (number(d.kernel * d.kernel * d.filters), DEPTH_FORGOTTEN),
            (number(d.kernel * d.kernel * d.channels), FILTERS_FORGOTTEN),
            (number(d.kernel * d.channels * d.filters), ONE_SIDE),
        )
        return Drafted(self.question.filled(d), number(right), wrong, worked(counts, PARAMETERS))

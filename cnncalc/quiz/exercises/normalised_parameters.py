"""Parameters: those of a convolution with a batch normalisation behind it."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, added, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    BIAS_COUNTED,
    DEPTH_FORGOTTEN,
    NORMALISATION_FORGOTTEN,
    ONE_FOR_EACH_CHANNEL,
    STATISTICS_COUNTED,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class NormalisedParameters(ExerciseKind):
    """The parameters of a convolution without biases and a batch normalisation."""

    name = "normalised-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        2: {
            "size": (14, 28, 32, 56),
            "channels": (3, 16, 32, 64),
            "kernel": (1, 3, 5),
            "filters": (8, 24, 32, 64, 128),
        }
    }
    question = Bilingual(
        "{filters} filters of {kernel}x{kernel} without biases are applied to {size}x{size}x{channels}, and a batch "
        "normalisation with γ and β follows. How many parameters do both layers learn?",
        "{size}x{size}x{channels} 입력에 편향이 없는 {kernel}x{kernel} 필터 {filters}개를 적용하고, 이어서 γ와 β가 "
        "있는 배치 정규화를 한다. 두 층에서 학습하는 파라미터는 모두 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} same nobias - bn"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        right, each = counts.network.params, [row.node.params for row in counts.rows]
        wrong = wrongs(
            (number(right + 2 * d.filters), STATISTICS_COUNTED),
            (number(each[0]), NORMALISATION_FORGOTTEN),
            (number(each[0] + d.filters), ONE_FOR_EACH_CHANNEL),
            (number(right + d.filters), BIAS_COUNTED),
            (number(d.kernel * d.kernel * d.filters + each[1]), DEPTH_FORGOTTEN),
        )
        solution = [*worked(counts, PARAMETERS), *added(each)]
        return Drafted(self.question.filled(d), number(right), wrong, solution)

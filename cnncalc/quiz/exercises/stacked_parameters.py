"""Parameters: several small filters in a row against one large filter."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, TOGETHER, counted, line, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_COUNTED, DEPTH_FORGOTTEN, ONE_LARGE_FILTER, ONE_LAYER
from cnncalc.quiz.parts.phrases import Bilingual


@register
class StackedParameters(ExerciseKind):
    """The weights of equal convolutions in a row."""

    name = "stacked-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        2: {"layers": (2, 3, 4), "kernel": (3,), "channels": (16, 32, 64, 96, 128, 256, 512)},
        3: {"layers": (2, 3, 4, 5), "kernel": (3, 5), "channels": (24, 48, 80, 160, 192, 320, 384)},
    }
    question = Bilingual(
        "{layers} convolutions of {kernel}x{kernel} stand in a row, each with {channels} channels in and out and "
        "without biases. How many parameters do they have together?",
        "입력과 출력의 채널이 모두 {channels}개이고 편향이 없는 {kernel}x{kernel} 합성곱 {layers}개를 이어 붙인다. "
        "파라미터는 모두 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        side = f"{d.kernel}x{d.kernel}"
        counts = counted(f"conv {side}x{d.channels} same nobias*{d.layers}", f"32x32x{d.channels}")
        right, each = counts.network.params, [row.node.params for row in counts.rows]
        reach = 1 + d.layers * (d.kernel - 1)
        wrong = wrongs(
            (number(reach * reach * d.channels * d.channels), ONE_LARGE_FILTER),
            (number(each[0]), ONE_LAYER),
            (number(right // d.channels), DEPTH_FORGOTTEN),
            (number(right + d.layers * d.channels), BIAS_COUNTED),
        )
        solution = [*worked(counts, PARAMETERS, {1}), line(TOGETHER, f"{d.layers}·{each[0]:,}", f"{right:,}")]
        return Drafted(self.question.filled(d), number(right), wrong, solution)

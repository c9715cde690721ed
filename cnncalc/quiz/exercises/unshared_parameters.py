"""Parameters: what a layer would have if positions did not share weights."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_FORGOTTEN, DEPTH_FORGOTTEN, INPUT_POSITIONS, SHARED
from cnncalc.quiz.parts.phrases import Bilingual


@register
class UnsharedParameters(ExerciseKind):
    """The parameters of a locally connected layer."""

    name = "unshared-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (12, 16, 28, 32, 64),
            "channels": (3, 8, 16),
            "kernel": (3, 5, 7),
            "filters": (4, 5, 10, 12),
        }
    }
    question = Bilingual(
        "A locally connected layer works like a convolution with {filters} filters of {kernel}x{kernel} (stride 1, "
        "no padding) on {size}x{size}x{channels}, but every neuron has weights and a bias of its own. How many "
        "parameters does it have?",
        "지역 연결층은 {size}x{size}x{channels} 입력에 {kernel}x{kernel} 필터 {filters}개를 스트라이드 1, 패딩 없이 "
        "적용하는 합성곱처럼 동작하지만, 뉴런마다 자신의 가중치와 편향이 따로 있다. 파라미터는 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"local {d.kernel}x{d.kernel}x{d.filters}", f"{d.size}x{d.size}x{d.channels}")
        node = counts.rows[0].node
        inner = d.kernel * d.kernel * d.channels
        wrong = wrongs(
            (number((inner + 1) * d.filters), SHARED),
            (number(node.output.values * inner), BIAS_FORGOTTEN),
            (number(node.output.values * (d.kernel * d.kernel + 1)), DEPTH_FORGOTTEN),
            (number(d.size * d.size * d.filters * (inner + 1)), INPUT_POSITIONS),
        )
        return Drafted(self.question.filled(d), number(node.params), wrong, worked(counts, ("output", *PARAMETERS)))

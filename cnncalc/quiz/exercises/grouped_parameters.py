"""Parameters: those of a convolution in groups."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_COUNTED, DEPTH_FORGOTTEN, GROUPS_FORGOTTEN, GROUPS_TWICE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class GroupedParameters(ExerciseKind):
    """The parameters of a convolution in groups, without biases."""

    name = "grouped-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (7, 14, 28, 56),
            "channels": (32, 64, 96, 128),
            "kernel": (3, 5),
            "filters": (64, 96, 128, 256),
            "groups": (2, 4, 8, 32),
        }
    }
    question = Bilingual(
        "A convolution has {filters} filters of {kernel}x{kernel} in {groups} groups, without biases, on an input of "
        "{size}x{size}x{channels}. How many parameters does it have?",
        "{size}x{size}x{channels} 입력에 {kernel}x{kernel} 필터 {filters}개를 그룹 {groups}개로 나누어 편향 없이 "
        "적용한다. 파라미터는 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; all these groups divide all these channels."""
        d = drawn
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} same g{d.groups} nobias"
        counts = counted(spec, f"{d.size}x{d.size}x{d.channels}")
        right = counts.network.params
        wrong = wrongs(
            (number(right * d.groups), GROUPS_FORGOTTEN),
            (number(right // d.groups), GROUPS_TWICE),
            (number(right + d.filters), BIAS_COUNTED),
            (number(d.kernel * d.kernel * d.filters), DEPTH_FORGOTTEN),
        )
        return Drafted(self.question.filled(d), number(right), wrong, worked(counts, PARAMETERS))

"""Receptive fields: convolutions of stride 1 in a row."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import FIELD, counted, field_behind, worked
from cnncalc.quiz.parts.exercise import side
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import KERNELS_ADDED, KERNELS_MULTIPLIED, ONE_LAYER_TOO_MANY, ONE_TOO_FEW, ONE_TOO_MANY
from cnncalc.quiz.parts.phrases import Bilingual


@register
class StackedField(ExerciseKind):
    """The receptive field of equal convolutions with stride 1."""

    name = "stacked-field"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {1: {"layers": (2, 3, 4, 5, 6, 7, 8), "kernel": (3, 5, 7)}}
    question = Bilingual(
        "{layers} convolutions of {kernel}x{kernel} with stride 1 stand in a row. How large is the receptive field "
        "of a unit of the last one?",
        "스트라이드 1인 {kernel}x{kernel} 합성곱 {layers}개를 이어 붙인다. 마지막 층에 있는 한 뉴런의 수용 영역은 "
        "얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x8 same*{d.layers}", "99x99x3")
        field = field_behind(counts)
        wrong = wrongs(
            (side(d.layers * d.kernel), KERNELS_ADDED),
            (side(field.size + d.kernel - 1), ONE_LAYER_TOO_MANY),
            (side(field.size - 1), ONE_TOO_FEW),
            (side(field.size + 1), ONE_TOO_MANY),
            (side(d.kernel**d.layers) if d.layers < 4 else None, KERNELS_MULTIPLIED),
        )
        return Drafted(self.question.filled(d), side(field.size), wrong, worked(counts, FIELD))

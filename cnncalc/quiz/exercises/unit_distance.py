"""Receptive fields: how far the fields of neighbours lie apart."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.exercises.pooled_field import strided_layers
from cnncalc.quiz.parts.engine import FIELD, counted_layers, field_behind, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import KERNELS_FOR_STRIDES, LAST_STRIDE, STRIDES_ADDED, STRIDES_DOUBLED
from cnncalc.quiz.parts.phrases import Bilingual


@register
class UnitDistance(ExerciseKind):
    """The distance between the receptive fields of neighbouring units, in pixels of the image."""

    name = "unit-distance"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {
        2: {"first": (3, 5, 7), "stride": (2, 3, 4), "second": (1, 3, 5), "third": (0,), "pool": (2, 3)},
        3: {"first": (5, 7, 11), "stride": (2, 3, 4), "second": (3, 5), "third": (1, 3), "pool": (2, 3)},
    }
    question = Bilingual(
        "An image goes through these layers, one after the other. By how many pixels do the receptive fields of two "
        "neighbouring units of the last layer lie apart?",
        "이미지가 다음 층을 차례로 지난다. 마지막 층에서 이웃한 두 뉴런의 수용 영역은 이미지에서 몇 픽셀 떨어져 "
        "있는가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        layers, windows = strided_layers(drawn)
        counts = counted_layers(layers, "299x299x3")
        jump = int(field_behind(counts).jump)
        strides = [stride for _, stride in windows]
        wrong = wrongs(
            (number(sum(strides)), STRIDES_ADDED),
            (number(strides[-1]), LAST_STRIDE),
            (number(windows[-1][0]), KERNELS_FOR_STRIDES),
            (number(jump * 2), STRIDES_DOUBLED),
        )
        words = [layer.words for layer in layers]
        return Drafted(self.question, number(jump), wrong, worked(counts, FIELD), words)

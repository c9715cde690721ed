"""Receptive fields: two convolutions of different sizes."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import FIELD, counted_layers, field_behind, worked
from cnncalc.quiz.parts.exercise import side
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import sliding
from cnncalc.quiz.parts.mistakes import (
    KERNELS_ADDED,
    KERNELS_MULTIPLIED,
    LAST_LAYER_FORGOTTEN,
    ONE_TOO_FEW,
    ONLY_LAST_LAYER,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class MixedField(ExerciseKind):
    """The receptive field of convolutions of stride 1 whose sizes differ."""

    name = "mixed-field"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {
        1: {"first": (3, 5, 7, 9, 11), "second": (3, 5, 7, 9), "third": (1, 3, 5)},
    }
    question = Bilingual(
        "An image goes through these layers, one after the other. How large is the receptive field of a unit of the "
        "last one?",
        "이미지가 다음 층을 차례로 지난다. 마지막 층에 있는 한 뉴런의 수용 영역은 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; a third layer of 1x1 stands for none."""
        kernels = [drawn.first, drawn.second, *([drawn.third] if drawn.third > 1 else [])]
        layers = [sliding(kernel, 1) for kernel in kernels]
        counts = counted_layers(layers, "99x99x3")
        before, field = field_behind(counts, -2), field_behind(counts)
        wrong = wrongs(
            (side(sum(kernels)), KERNELS_ADDED),
            (side(before.size), LAST_LAYER_FORGOTTEN),
            (side(kernels[-1]), ONLY_LAST_LAYER),
            (side(kernels[0] * kernels[1]) if len(kernels) < 3 else None, KERNELS_MULTIPLIED),
            (side(field.size - 1), ONE_TOO_FEW),
        )
        return Drafted(self.question, side(field.size), wrong, worked(counts, FIELD), [layer.words for layer in layers])

"""Receptive fields: dilated convolutions."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import FIELD, LayerText, counted_layers, field_behind, worked
from cnncalc.quiz.parts.exercise import side
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import dilated
from cnncalc.quiz.parts.mistakes import DILATION_FORGOTTEN, DILATION_TIMES_KERNEL, LAST_LAYER_FORGOTTEN, ONE_TOO_FEW
from cnncalc.quiz.parts.phrases import Bilingual


@register
class DilatedField(ExerciseKind):
    """The receptive field of convolutions whose dilation grows."""

    name = "dilated-field"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {
        2: {"kernel": (3, 5), "first": (1, 2), "factor": (2, 3), "layers": (2,)},
        3: {"kernel": (3, 5, 7), "first": (1, 2, 3), "factor": (1, 2, 3), "layers": (2, 3, 4)},
    }
    question = Bilingual(
        "An image goes through these convolutions with stride 1. How large is the receptive field of a unit of the "
        "last one?",
        "이미지가 스트라이드 1인 다음 합성곱을 차례로 지난다. 마지막 층에 있는 한 뉴런의 수용 영역은 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        dilations = [d.first * d.factor**place for place in range(d.layers)]
        layers = [dilated(d.kernel, dilation) for dilation in dilations]
        counts = counted_layers([LayerText(f"{layer.spec} same", layer.words) for layer in layers], "999x999x3")
        before, field = field_behind(counts, -2), field_behind(counts)
        wrong = wrongs(
            (side(1 + d.layers * (d.kernel - 1)), DILATION_FORGOTTEN),
            (side(1 + sum([d.kernel * dilation - 1 for dilation in dilations])), DILATION_TIMES_KERNEL),
            (side(before.size), LAST_LAYER_FORGOTTEN),
            (side(field.size - 1), ONE_TOO_FEW),
        )
        return Drafted(self.question, side(field.size), wrong, worked(counts, FIELD), [layer.words for layer in layers])

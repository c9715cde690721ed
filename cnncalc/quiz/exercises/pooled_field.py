"""Receptive fields: layers with strides."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import FIELD, LayerText, counted_layers, field_behind, worked
from cnncalc.quiz.parts.exercise import side
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import max_pooling, sliding
from cnncalc.quiz.parts.mistakes import KERNELS_ADDED, LAST_LAYER_FORGOTTEN, OWN_STRIDE_TOO_EARLY, STRIDES_FORGOTTEN
from cnncalc.quiz.parts.phrases import Bilingual


@register
class PooledField(ExerciseKind):
    """The receptive field behind layers with strides."""

    name = "pooled-field"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {
        2: {"first": (3, 5, 7), "stride": (1, 2), "second": (3, 5, 7), "third": (0,), "pool": (2, 3)},
        3: {"first": (3, 5, 7, 11), "stride": (1, 2, 3, 4), "second": (3, 5), "third": (1, 3, 5), "pool": (2, 3)},
    }
    question = Bilingual(
        "An image goes through these layers, one after the other. How large is the receptive field of a unit of the "
        "last one?",
        "이미지가 다음 층을 차례로 지난다. 마지막 층에 있는 한 뉴런의 수용 영역은 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        layers, windows = strided_layers(drawn)
        counts = counted_layers(layers, "299x299x3")
        before, field = field_behind(counts, -2), field_behind(counts)
        wrong = wrongs(
            (side(1 + sum([kernel - 1 for kernel, _ in windows])), STRIDES_FORGOTTEN),
            (side(_too_early(windows)), OWN_STRIDE_TOO_EARLY),
            (side(sum([kernel for kernel, _ in windows])), KERNELS_ADDED),
            (side(before.size), LAST_LAYER_FORGOTTEN),
        )
        return Drafted(self.question, side(field.size), wrong, worked(counts, FIELD), [layer.words for layer in layers])


def strided_layers(drawn: Drawn) -> tuple[list[LayerText], list[tuple[int, int]]]:
    """Return the layers of the exercise, which round down, and of each its kernel and its stride."""
    d = drawn
    windows = [(d.first, d.stride), (d.pool, 2), (d.second, 1)] + ([(2, 2), (d.third, 1)] if d.third else [])
    makers = (sliding, max_pooling, sliding, max_pooling, sliding)
    made = [make(*window) for make, window in zip(makers, windows, strict=False)]
    return [LayerText(f"{layer.spec} floor", layer.words) for layer in made], windows


def _too_early(windows: list[tuple[int, int]]) -> int:
    """Return the field that comes out where each layer counts its own stride."""
    size, jump = 1, 1
    for kernel, stride in windows:
        jump *= stride
        size += (kernel - 1) * jump
    return size

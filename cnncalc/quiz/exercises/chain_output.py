"""Sizes: what comes out of several layers in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted_layers, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import convolution, max_pooling
from cnncalc.quiz.parts.mistakes import (
    INPUT_CHANNELS,
    LAST_LAYER_FORGOTTEN,
    PADDING_FORGOTTEN,
    POOLS_FORGOTTEN,
    STRIDE_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square


@register
class ChainOutput(ExerciseKind):
    """The output volume of convolutions with a pooling behind each."""

    name = "chain-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        2: {
            "size": (28, 32, 36, 48, 64),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (6, 8, 16),
            "padding": (0, 1, 2),
            "stride": (1,),
            "stages": (1,),
        },
        3: {
            "size": (28, 32, 64, 96, 128, 224, 227),
            "channels": (1, 3),
            "kernel": (3, 5, 7, 11),
            "filters": (6, 8, 16, 32),
            "padding": (0, 1, 2, 3),
            "stride": (1, 2, 4),
            "stages": (2,),
        },
    }
    question = Bilingual(
        "An input of {size}x{size}x{channels} goes through these layers, one after the other. Which volume comes out?",
        "{size}x{size}x{channels} 입력이 다음 층을 차례로 지난다. 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; the second stage has a stride of 1 and twice the filters."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        second = [convolution(3, 2 * d.filters, 1, 0), max_pooling(2, 2)] if d.stages > 1 else []
        layers = [convolution(d.kernel, d.filters, d.stride, d.padding), max_pooling(2, 2), *second]
        counts = counted_layers(layers, f"{d.size}x{d.size}x{d.channels}")
        volumes = [row.node.output for row in counts.rows]
        last = volumes[-1]
        wrong = wrongs(
            (volume(volumes[-2]), LAST_LAYER_FORGOTTEN),
            (square(last[0], d.channels), INPUT_CHANNELS),
            (square(_size(d, padding=0), last.channels) if d.padding else None, PADDING_FORGOTTEN),
            (square(_size(d, stride=1), last.channels) if d.stride > 1 else None, STRIDE_FORGOTTEN),
            (square(_size(d, pool=1), last.channels), POOLS_FORGOTTEN),
        )
        words: Sequence[Bilingual] = [layer.words for layer in layers]
        return Drafted(self.question.filled(d), volume(last), wrong, worked(counts, SIZES), words)


def _size(drawn: Drawn, padding: int | None = None, stride: int | None = None, pool: int = 2) -> int:
    """Return the side of what comes out, with one thing done otherwise."""
    padded = 2 * (drawn.padding if padding is None else padding)
    size = outputs(drawn.size, drawn.kernel, drawn.stride if stride is None else stride, padded) // pool
    return (size - 2) // pool if drawn.stages > 1 else size

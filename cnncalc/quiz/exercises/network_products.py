"""Multiplications: those of a whole network."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, added, counted_layers, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import convolution, fully_connected, max_pooling
from cnncalc.quiz.parts.mistakes import (
    IMAGE_CHANNELS_EVERYWHERE,
    LAST_LAYER_FORGOTTEN,
    ONLY_FIRST_LAYER,
    PARAMETERS_COUNTED,
    POOLS_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class NetworkProducts(ExerciseKind):
    """The multiplications of two convolutions with a pooling between them, and perhaps of a fully connected layer."""

    name = "network-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        2: {"size": (10, 12, 18, 28, 34), "channels": (1, 3), "kernel": (3, 5), "filters": (4, 6, 8), "outputs": (0,)},
        3: {
            "size": (22, 30, 34, 66),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (8, 10, 16),
            "outputs": (10, 100),
        },
    }
    question = Bilingual(
        "An input of {size}x{size}x{channels} goes through these layers, one after the other. How many "
        "multiplications do they take together?",
        "{size}x{size}x{channels} 입력이 다음 층을 차례로 지난다. 곱셈은 모두 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        end = [fully_connected(d.outputs)] if d.outputs else []
        pool = max_pooling(2, 2)
        layers = [convolution(d.kernel, d.filters), pool, convolution(3, 2 * d.filters), *end]
        arriving = f"{d.size}x{d.size}x{d.channels}"
        counts = counted_layers(layers, arriving)
        unpooled = counted_layers([layer for layer in layers if layer != pool], arriving)
        each = [row.node.macs for row in counts.rows]
        right = sum(each)
        wrong = wrongs(
            (number(unpooled.network.macs), POOLS_FORGOTTEN),
            (number(right - each[2] + each[2] // d.filters * d.channels), IMAGE_CHANNELS_EVERYWHERE),
            (number(right - each[-1]), LAST_LAYER_FORGOTTEN),
            (number(each[0]), ONLY_FIRST_LAYER),
            (number(sum([row.node.params - row.node.biases for row in counts.rows])), PARAMETERS_COUNTED),
        )
        solution = [*worked(counts, ("output", *MACS)), *added(each)]
        return Drafted(self.question.filled(d), number(right), wrong, solution, [layer.words for layer in layers])

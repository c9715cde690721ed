"""Parameters: those of a whole network."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, added, counted_layers, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.layer_words import convolution, fully_connected, max_pooling
from cnncalc.quiz.parts.mistakes import BIAS_FORGOTTEN, IMAGE_CHANNELS_EVERYWHERE, LAST_LAYER_FORGOTTEN, POOLS_FORGOTTEN
from cnncalc.quiz.parts.phrases import Bilingual


@register
class NetworkParameters(ExerciseKind):
    """The parameters of convolutions, a pooling and a fully connected layer."""

    name = "network-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        2: {
            "size": (8, 12, 16, 28, 32),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (4, 6, 8),
            "deep": (0,),
            "outputs": (5, 10),
        },
        3: {
            "size": (28, 32, 36, 48),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (6, 8, 16, 20),
            "deep": (1,),
            "outputs": (10, 84, 100),
        },
    }
    question = Bilingual(
        "A network for inputs of {size}x{size}x{channels} has these layers; every filter and every output has a "
        "bias. How many parameters does the network have?",
        "{size}x{size}x{channels} 입력을 받는 신경망의 층은 다음과 같다. 필터와 출력에는 모두 편향이 있다. 신경망의 "
        "파라미터는 모두 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        pool = max_pooling(2, 2)
        stages = [convolution(d.kernel, d.filters), pool]
        if d.deep:
            stages += [convolution(3, 2 * d.filters), pool]
        layers = [*stages, fully_connected(d.outputs)]
        arriving = f"{d.size}x{d.size}x{d.channels}"
        counts = counted_layers(layers, arriving)
        unpooled = counted_layers([layer for layer in layers if layer != pool], arriving)
        nodes = [row.node for row in counts.rows]
        right = counts.network.params
        deeper = 9 * (d.filters - d.channels) * 2 * d.filters if d.deep else 0
        wrong = wrongs(
            (number(sum([node.params - node.biases for node in nodes])), BIAS_FORGOTTEN),
            (number(unpooled.network.params), POOLS_FORGOTTEN),
            (number(right - deeper) if d.deep else None, IMAGE_CHANNELS_EVERYWHERE),
            (number(right - nodes[-1].params), LAST_LAYER_FORGOTTEN),
        )
        solution = [*worked(counts, ("output", *PARAMETERS)), *added([node.params for node in nodes])]
        return Drafted(self.question.filled(d), number(right), wrong, solution, [layer.words for layer in layers])

"""Values: one neuron."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.operations import Number
from cnncalc.loading import load
from cnncalc.quiz.parts.exercise import GivenGrid, number
from cnncalc.quiz.parts.grids import INPUT, NumberSource, unit_lines
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    BIAS_SUBTRACTED,
    OWN_BIAS_FORGOTTEN,
    RELU_FORGOTTEN,
    SIGN_DROPPED,
    WEIGHTS_FORGOTTEN,
)
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.values import compute

WEIGHTS = Bilingual("weights", "가중치")


@register
class NeuronValue(ExerciseKind):
    """What a neuron with a ReLU makes of its inputs."""

    name = "neuron-value"
    topic = "values"
    spaces: ClassVar[Spaces] = {1: {"numbers": range(10**6), "inputs": (3, 4, 5), "bias": (-3, -2, -1, 1, 2, 3)}}
    question = Bilingual(
        "A neuron has these inputs and weights, the bias {bias} and a ReLU. Which value comes out?",
        "한 뉴런의 입력과 가중치는 다음과 같고, 편향은 {bias}이며 활성화 함수는 ReLU이다. 출력값은 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d, source = drawn, NumberSource(drawn.numbers)
        [inputs], [weights] = source.rows(1, d.inputs, 0, 5), source.rows(1, d.inputs, -3, 3)
        found = compute(
            load("fc 1 - relu\n", input=f"1x1x{d.inputs}"),
            inputs,
            tensors={"fc1.weight": [weights], "fc1.bias": d.bias},
        )
        right = found.output.flat[0]
        before = found.layers[0].output.flat[0]
        wrong = wrongs(
            (number(before), RELU_FORGOTTEN),
            (number(_rectified(before - d.bias)), OWN_BIAS_FORGOTTEN),
            (number(_rectified(before - 2 * d.bias)), BIAS_SUBTRACTED),
            (number(_rectified(sum(inputs) + d.bias)), WEIGHTS_FORGOTTEN),
            (number(-before) if before < 0 else None, SIGN_DROPPED),
        )
        given = [GivenGrid(INPUT, (inputs,)), GivenGrid(WEIGHTS, (weights,))]
        solution = [*unit_lines(found, "fc1", (0,), "fc1"), *unit_lines(found, "relu1", (0,), "ReLU")]
        return Drafted(self.question.filled(d), number(right), wrong, solution, given=given)


def _rectified(value: Number) -> Number:
    return max(0, value)

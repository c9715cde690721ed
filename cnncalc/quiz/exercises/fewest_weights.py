"""Design: which layers have the fewest parameters."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import counted, field_behind, line
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, WrongAnswer, register
from cnncalc.quiz.parts.mistakes import MORE_THAN, SEES_LESS
from cnncalc.quiz.parts.phrases import Bilingual

WAYS = (
    ((3, 1),),
    ((5, 1),),
    ((7, 1),),
    ((9, 1),),
    ((3, 2),),
    ((3, 3),),
    ((3, 4),),
    ((5, 2),),
    ((3, 1), (5, 1)),
    ((3, 2), (5, 1)),
    ((3, 1), (7, 1)),
)
"""Convolutions in a row: of each the kernel, and how many there are."""


@register
class FewestWeights(ExerciseKind):
    """The cheapest of several designs that see as much of the input."""

    name = "fewest-weights"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        2: {"field": (5, 7, 9), "channels": (16, 32, 64, 128, 256)},
        3: {"field": (7, 9), "channels": (24, 48, 96, 192, 320, 384, 512)},
    }
    question = Bilingual(
        "The receptive field is to be {field}x{field}, with {channels} channels in and out of every convolution, "
        "stride 1 and no biases. Which of these designs reaches it with the fewest parameters?",
        "모든 합성곱의 입력과 출력 채널은 {channels}개, 스트라이드는 1이고 편향은 없다. {field}x{field} 수용 영역을 "
        "가장 적은 파라미터로 얻는 설계는 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; designs that see less are cheaper, and wrong."""
        d = drawn
        costs = {way: _cost(way, d.channels) for way in WAYS}
        enough = sorted([way for way in WAYS if costs[way][1] == d.field], key=lambda way: costs[way][0])
        less = [way for way in WAYS if costs[way][1] == d.field - 2]
        best = enough[0]
        wrong = [WrongAnswer(_named(way), MORE_THAN.filled({"count": f"{costs[way][0]:,}"})) for way in enough[1:]]
        wrong += [
            WrongAnswer(_named(way), SEES_LESS.filled({"field": f"{costs[way][1]}x{costs[way][1]}"}))
            for way in less
            if costs[way][0] < costs[best][0]
        ]
        solution = [line(_named(way).text, _sum(way, d.channels), f"{costs[way][0]:,}") for way in enough]
        return Drafted(self.question.filled(d), _named(best), wrong, solution)


Way = tuple[tuple[int, int], ...]


def _cost(way: Way, channels: int) -> tuple[int, int]:
    """Return the parameters of convolutions in a row, and the side of their receptive field."""
    layers = " - ".join([f"conv {kernel}x{kernel}x{channels} same nobias*{times}" for kernel, times in way])
    counts = counted(layers, f"32x32x{channels}")
    return counts.network.params, field_behind(counts).size


_TIMES = ("no", "one", "two", "three", "four")


def _named(way: Way) -> Answer:
    return Answer(
        Bilingual(
            " and ".join([f"{_TIMES[times]} {kernel}x{kernel}" for kernel, times in way]),
            ", ".join([f"{kernel}x{kernel} 합성곱 {times}개" for kernel, times in way]),
        )
    )


def _sum(way: Way, channels: int) -> str:
    terms = [(times, f"{kernel}·{kernel}·{channels}·{channels}") for kernel, times in way]
    return " + ".join([f"{times}·({product})" if times > 1 else product for times, product in terms])

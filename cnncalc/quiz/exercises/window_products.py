"""Multiplications: those behind one value."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from cnncalc.analysis.neurons import inner_factors
from cnncalc.quiz.parts.engine import counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_MULTIPLIED, DEPTH_FORGOTTEN, EVERY_FILTER, ONE_SIDE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class WindowProducts(ExerciseKind):
    """The multiplications behind one value of a convolution."""

    name = "window-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        1: {
            "size": (6, 28, 32, 56),
            "channels": (3, 6, 16, 64),
            "kernel": (1, 3, 5, 7),
            "filters": (4, 8, 10, 32),
        }
    }
    question = Bilingual(
        "{filters} filters of {kernel}x{kernel} slide over an input of {size}x{size}x{channels}. How many "
        "multiplications does a single value of the output take?",
        "{kernel}x{kernel} 필터 {filters}개가 {size}x{size}x{channels} 입력 위를 움직인다. 출력값 하나를 계산하는 데 "
        "곱셈이 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x{d.filters}", f"{d.size}x{d.size}x{d.channels}")
        right = prod(inner_factors(counts.rows[0].node))
        wrong = wrongs(
            (number(d.kernel * d.kernel), DEPTH_FORGOTTEN),
            (number(right + 1), BIAS_MULTIPLIED),
            (number(right * d.filters), EVERY_FILTER),
            (number(d.kernel * d.channels), ONE_SIDE),
        )
        return Drafted(self.question.filled(d), number(right), wrong, worked(counts, ("weights of each neuron",)))

"""Multiplications: a depthwise and a pointwise convolution, as in MobileNet."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, added, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import DEPTHWISE_FORGOTTEN, ONLY_FIRST_LAYER, ONLY_LAST_LAYER, PARAMETERS_COUNTED
from cnncalc.quiz.parts.phrases import Bilingual


@register
class SeparableProducts(ExerciseKind):
    """The multiplications of a depthwise separable convolution."""

    name = "separable-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (7, 14, 28, 56, 112),
            "channels": (32, 64, 96, 128, 256),
            "kernel": (3, 5, 7),
            "filters": (48, 64, 160, 256, 512),
        }
    }
    question = Bilingual(
        "On {size}x{size}x{channels}, a depthwise {kernel}x{kernel} convolution and then a 1x1 convolution to "
        "{filters} channels keep the size. How many multiplications do both take together?",
        "{size}x{size}x{channels} 볼륨에 깊이별 {kernel}x{kernel} 합성곱을 적용하고, 이어서 1x1 합성곱으로 채널을 "
        "{filters}개로 만든다. 둘 다 크기를 유지한다. 곱셈은 모두 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        side, arriving = f"{d.kernel}x{d.kernel}", f"{d.size}x{d.size}x{d.channels}"
        counts = counted(f"dwconv {side} same - conv 1x1x{d.filters}", arriving)
        each = [row.node.macs for row in counts.rows]
        wrong = wrongs(
            (number(counted(f"conv {side}x{d.filters} same", arriving).network.macs), DEPTHWISE_FORGOTTEN),
            (number(each[0]), ONLY_FIRST_LAYER),
            (number(each[1]), ONLY_LAST_LAYER),
            (number(sum(each) // (d.size * d.size)), PARAMETERS_COUNTED),
        )
        solution = [*worked(counts, MACS), *added(each)]
        return Drafted(self.question.filled(d), number(sum(each)), wrong, solution)

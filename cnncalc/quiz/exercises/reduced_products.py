"""Multiplications: a 1x1 convolution in front of a larger one, as in GoogLeNet."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, added, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BOTTLENECK_FORGOTTEN, DEPTH_FORGOTTEN, ONLY_FIRST_LAYER, ONLY_LAST_LAYER
from cnncalc.quiz.parts.phrases import Bilingual


@register
class ReducedProducts(ExerciseKind):
    """The multiplications of a bottleneck: 1x1, then FxF, both with the size of the input."""

    name = "reduced-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (7, 14, 28, 56),
            "channels": (128, 192, 256, 480, 512),
            "reduced": (16, 24, 32, 64),
            "kernel": (3, 5, 7),
            "filters": (32, 48, 96, 128),
        }
    }
    question = Bilingual(
        "On {size}x{size}x{channels}, a 1x1 convolution with {reduced} filters and then a {kernel}x{kernel} "
        "convolution with {filters} filters keep the size. How many multiplications do both take together?",
        "{size}x{size}x{channels} 볼륨에서 1x1 합성곱으로 채널을 {reduced}개로 줄인 뒤 {kernel}x{kernel} 합성곱으로 "
        "{filters}개로 만든다. 둘 다 크기를 유지한다. 곱셈은 모두 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        spec, arriving = f"conv {d.kernel}x{d.kernel}x{d.filters} same", f"{d.size}x{d.size}x{d.channels}"
        counts = counted(f"conv 1x1x{d.reduced} - {spec}", arriving)
        each = [row.node.macs for row in counts.rows]
        wrong = wrongs(
            (number(counted(spec, arriving).network.macs), BOTTLENECK_FORGOTTEN),
            (number(each[1]), ONLY_LAST_LAYER),
            (number(each[0]), ONLY_FIRST_LAYER),
            (number(each[0] // d.channels + each[1] // d.reduced), DEPTH_FORGOTTEN),
        )
        solution = [*worked(counts, MACS), *added(each)]
        return Drafted(self.question.filled(d), number(sum(each)), wrong, solution)

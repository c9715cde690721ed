"""Design: how narrow a bottleneck must be."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, added, counted, line, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BUDGET_EXCEEDED, ONE_TOO_FEW, ONLY_FIRST_LAYER, ONLY_LAST_LAYER
from cnncalc.quiz.parts.phrases import Bilingual


@register
class BottleneckWidth(ExerciseKind):
    """The most channels of a 1x1 convolution in front of a larger one, within a budget of multiplications."""

    name = "bottleneck-width"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (14, 28, 56),
            "channels": (192, 256, 480),
            "kernel": (3, 5),
            "filters": (32, 64, 96),
            "millions": (10, 15, 20, 40, 50, 80),
        }
    }
    question = Bilingual(
        "On {size}x{size}x{channels}, a 1x1 convolution with M filters and then a {kernel}x{kernel} convolution with "
        "{filters} filters keep the size. How large may M be at most if both together may take {millions} million "
        "multiplications?",
        "{size}x{size}x{channels} 볼륨에서 1x1 합성곱으로 채널을 M개로 만든 뒤 {kernel}x{kernel} 합성곱으로 "
        "{filters}개로 만든다. 둘 다 크기를 유지한다. 곱셈이 모두 {limit}번을 넘지 않으려면 M은 최대 얼마인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; the engine says what one channel takes, and that the answer stays within the budget."""
        d = drawn
        budget, first, second = d.millions * 10**6, *_macs(d, 1)
        right = budget // (first + second)
        if right < 2 or not sum(_macs(d, right)) <= budget < sum(_macs(d, right + 1)):
            return None
        wrong = wrongs(
            (number(right + 1), BUDGET_EXCEEDED),
            (number(budget // second), ONLY_LAST_LAYER),
            (number(budget // first), ONLY_FIRST_LAYER),
            (number(right - 1), ONE_TOO_FEW),
        )
        each = f"{d.size}·{d.size}·{d.channels} + {d.size}·{d.size}·{d.kernel}·{d.kernel}·{d.filters}"
        counts = counted(_spec(d, right), f"{d.size}x{d.size}x{d.channels}")
        solution = [
            line(Bilingual("multiplications of one channel", "채널 하나의 곱셈"), each, f"{first + second:,}"),
            line(Bilingual("M", "M"), f"⌊{budget:,}/{first + second:,}⌋", str(right)),
            *worked(counts, MACS),
            *added(_macs(d, right)),
        ]
        return Drafted(self.question.filled({**d, "limit": f"{budget:,}"}), number(right), wrong, solution)


def _spec(drawn: Drawn, width: int) -> str:
    return f"conv 1x1x{width} - conv {drawn.kernel}x{drawn.kernel}x{drawn.filters} same"


def _macs(drawn: Drawn, width: int) -> list[int]:
    counts = counted(_spec(drawn, width), f"{drawn.size}x{drawn.size}x{drawn.channels}")
    return [row.node.macs for row in counts.rows]

"""Design: how many filters a budget of multiplications allows."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, counted, line, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BUDGET_EXCEEDED, DEPTH_FORGOTTEN, ONE_POSITION, ONE_TOO_FEW
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FiltersForProducts(ExerciseKind):
    """The largest number of filters whose multiplications stay within a budget."""

    name = "filters-for-products"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        2: {"size": (14, 28, 32), "kernel": (3, 5), "channels": (3, 16), "millions": (1, 2, 5, 10)},
        3: {"size": (28, 56, 112), "kernel": (3, 5, 7), "channels": (3, 32, 64), "millions": (20, 50, 100, 200, 500)},
    }
    question = Bilingual(
        "A convolution of {kernel}x{kernel} keeps the size of an input of {size}x{size}x{channels} and may take at "
        "most {millions} million multiplications. How many filters can it have at most?",
        "{size}x{size}x{channels} 입력의 크기를 유지하는 {kernel}x{kernel} 합성곱의 곱셈이 {limit}번을 넘지 않으려면 "
        "필터는 최대 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; the engine says what one filter takes, and that the answer stays within the budget."""
        d = drawn
        each, budget = _macs(d, 1), d.millions * 10**6
        right = budget // each
        if right < 2 or not _macs(d, right) <= budget < _macs(d, right + 1):
            return None
        positions = d.size * d.size
        wrong = wrongs(
            (number(right + 1), BUDGET_EXCEEDED),
            (number(budget // (each // d.channels)), DEPTH_FORGOTTEN),
            (number(budget // (each // positions)), ONE_POSITION),
            (number(right - 1), ONE_TOO_FEW),
        )
        counts = counted(f"conv {d.kernel}x{d.kernel}x{right} same", f"{d.size}x{d.size}x{d.channels}")
        alone = f"{d.size}·{d.size}·{d.kernel}·{d.kernel}·{d.channels}"
        solution = [
            line(Bilingual("multiplications of a filter", "필터 하나의 곱셈"), alone, f"{each:,}"),
            line(Bilingual("filters", "필터의 수"), f"⌊{budget:,}/{each:,}⌋", f"{right:,}"),
            *worked(counts, MACS),
        ]
        return Drafted(self.question.filled({**d, "limit": f"{budget:,}"}), number(right), wrong, solution)


def _macs(drawn: Drawn, filters: int) -> int:
    d = drawn
    return counted(f"conv {d.kernel}x{d.kernel}x{filters} same", f"{d.size}x{d.size}x{d.channels}").network.macs

"""Design: how many filters a budget of parameters allows."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, line, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BUDGET_EXCEEDED, DEPTH_FORGOTTEN, ONE_SIDE, ONE_TOO_FEW
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FiltersForParameters(ExerciseKind):
    """The largest number of filters whose parameters stay within a budget."""

    name = "filters-for-parameters"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        1: {"kernel": (3, 5), "channels": (3, 8, 16), "budget": (1000, 2000, 3000, 5000)},
        2: {"kernel": (3, 5, 7), "channels": (16, 32, 64, 96), "budget": (20_000, 50_000, 100_000, 150_000)},
    }
    question = Bilingual(
        "A convolution of {kernel}x{kernel} with biases, on an input with {channels} channels, may have at most "
        "{limit} parameters. How many filters can it have at most?",
        "채널이 {channels}개인 입력에 편향이 있는 {kernel}x{kernel} 합성곱을 적용하려고 한다. 파라미터가 {limit}개를 "
        "넘지 않으려면 필터는 최대 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; the engine says what one filter has, and that the answer stays within the budget."""
        d = drawn
        each = _params(d, 1)
        right = d.budget // each
        if right < 2 or not _params(d, right) <= d.budget < _params(d, right + 1):
            return None
        wrong = wrongs(
            (number(right + 1), BUDGET_EXCEEDED),
            (number(d.budget // (d.kernel**2 + 1)), DEPTH_FORGOTTEN),
            (number(d.budget // (d.kernel * d.channels + 1)), ONE_SIDE),
            (number(right - 1), ONE_TOO_FEW),
        )
        counts = counted(f"conv {d.kernel}x{d.kernel}x{right} same", f"14x14x{d.channels}")
        solution = [
            line(
                Bilingual("parameters of a filter", "필터 하나의 파라미터"),
                f"{d.kernel}·{d.kernel}·{d.channels} + 1",
                f"{each:,}",
            ),
            line(Bilingual("filters", "필터의 수"), f"⌊{d.budget:,}/{each:,}⌋", f"{right:,}"),
            *worked(counts, PARAMETERS),
        ]
        return Drafted(self.question.filled({**d, "limit": f"{d.budget:,}"}), number(right), wrong, solution)


def _params(drawn: Drawn, filters: int) -> int:
    d = drawn
    return counted(f"conv {d.kernel}x{d.kernel}x{filters} same", f"14x14x{d.channels}").network.params

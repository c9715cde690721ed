"""Sizes: which filters lead from one volume to another."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import counted, line
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import INPUT_CHANNELS, ONE_TOO_FEW, ONE_TOO_MANY, PADDING_FORGOTTEN, PADDING_ONCE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FilterFromSizes(ExerciseKind):
    """The filters of a convolution whose volumes are known."""

    name = "filter-from-sizes"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        2: {
            "size": (28, 32, 39, 48, 64, 96),
            "channels": (1, 3, 16, 32),
            "kernel": (3, 5, 7, 9),
            "filters": (6, 8, 10, 20, 40),
            "padding": (0, 1, 2),
        }
    }
    question = Bilingual(
        "A convolution with stride 1 and padding {padding} makes {output} of an input of {size}x{size}x{channels}. "
        "Which filters does it have?",
        "스트라이드 1, 패딩 {padding}인 합성곱의 입력은 {size}x{size}x{channels}이고 출력은 {output}이다. 어떤 "
        "필터를 사용했는가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        if d.padding >= d.kernel or d.filters == d.channels:
            return None
        spec = f"conv {d.kernel}x{d.kernel}x{d.filters} p{d.padding}"
        output = counted(spec, f"{d.size}x{d.size}x{d.channels}").network.output
        wrong = wrongs(
            (_filters(d.channels, d.kernel), INPUT_CHANNELS),
            (_filters(d.filters, d.kernel - 1), ONE_TOO_FEW),
            (_filters(d.filters, d.kernel - d.padding) if d.padding else None, PADDING_ONCE),
            (_filters(d.filters, d.kernel - 2 * d.padding) if d.padding else None, PADDING_FORGOTTEN),
            (_filters(d.filters, d.kernel + 1), ONE_TOO_MANY),
        )
        terms = f"W − W′ + 2P + 1 = {d.size} − {output[0]} + 2·{d.padding} + 1"
        solution = [
            line(Bilingual("size of the filters", "필터의 크기"), f"F = {terms}", str(d.kernel)),
            line(Bilingual("number of filters", "필터의 수"), "", str(output.channels)),
        ]
        return Drafted(self.question.filled({**d, "output": output}), _required(d.filters, d.kernel), wrong, solution)


def _filters(count: int, kernel: int) -> Answer | None:
    if kernel < 1:
        return None
    return _required(count, kernel)


def _required(count: int, kernel: int) -> Answer:
    some = "filter" if count == 1 else "filters"
    return Answer(Bilingual(f"{count} {some} of {kernel}x{kernel}", f"{kernel}x{kernel} 필터 {count}개"))

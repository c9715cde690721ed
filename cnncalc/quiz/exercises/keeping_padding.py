"""Design: which padding keeps the size."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, WrongAnswer, register
from cnncalc.quiz.parts.mistakes import ANOTHER_SIZE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class KeepingPadding(ExerciseKind):
    """The padding with which a filter of stride 1 keeps the size."""

    name = "keeping-padding"
    topic = "design"
    spaces: ClassVar[Spaces] = {
        1: {"size": (14, 28, 32, 64), "kernel": (3, 5, 7, 9, 11), "dilation": (1,)},
        2: {"size": (28, 32, 56), "kernel": (3, 5, 7), "dilation": (2, 3, 4)},
    }
    question = Bilingual(
        "Which padding keeps the size of an input of {size}x{size} under filters of {kernel}x{kernel} with stride "
        "1{more}?",
        "스트라이드 1{more}인 {kernel}x{kernel} 필터를 적용할 때 {size}x{size} 입력의 크기를 유지하는 패딩은 얼마인가?",
    )
    dilated = Bilingual(" and dilation {dilation}", ", 팽창률 {dilation}")

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; each wrong answer says what it would make."""
        d = drawn
        more = self.dilated.filled(d) if d.dilation > 1 else Bilingual("", "")
        half = d.dilation * (d.kernel - 1) // 2
        sizes = {
            padding: _made(d, padding) for padding in (half, 0, (d.kernel - 1) // 2, d.kernel - 1, half + 1, half - 1)
        }
        [right] = [padding for padding, size in sizes.items() if size == d.size]
        wrong = [
            WrongAnswer(number(padding), ANOTHER_SIZE.filled({"size": f"{size}x{size}"}))
            for padding, size in sizes.items()
            if padding != right
        ]
        question = self.question.filled({**d, "more": more})
        counts = counted(f"conv {d.kernel}x{d.kernel}x8 d{d.dilation} p{right}", f"{d.size}x{d.size}x3")
        quantities = ("padding to keep the size", "height and width")
        return Drafted(question, number(right), wrong, worked(counts, quantities))


def _made(drawn: Drawn, padding: int) -> int:
    d = drawn
    return counted(f"conv {d.kernel}x{d.kernel}x8 d{d.dilation} p{padding}", f"{d.size}x{d.size}x3").network.output[0]

"""What fits: how many rows no window reads where the quotient is rounded down."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, line, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import (
    KERNEL_FORGOTTEN,
    LAST_WINDOW_FORGOTTEN,
    ONE_TOO_FEW,
    ONE_TOO_MANY,
    WINDOWS_SIDE_BY_SIDE,
)
from cnncalc.quiz.parts.phrases import Bilingual


@register
class UnreadRows(ExerciseKind):
    """The rows at the end of an input that are never read."""

    name = "unread-rows"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (8, 11, 13, 16, 20, 27, 28, 32, 50, 56, 64, 101, 224),
            "kernel": (2, 3, 5, 7),
            "stride": (3, 4, 5, 6),
        }
    }
    question = Bilingual(
        "Filters of {kernel}x{kernel} slide over an input of {size}x{size} with stride {stride}, without padding, "
        "and the size of the output is rounded down as in PyTorch. How many rows at the end does no window read?",
        "패딩이 없는 {size}x{size} 입력 위로 {kernel}x{kernel} 필터가 스트라이드 {stride}씩 움직이고, PyTorch처럼 "
        "버림한다. 어떤 창도 읽지 않는 마지막 행은 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"conv {d.kernel}x{d.kernel}x1 s{d.stride} floor", f"{d.size}x{d.size}x1")
        node = counts.rows[0].node
        right, made = node.dropped[0], node.output[0]
        wrong = wrongs(
            (number(d.size % d.stride), KERNEL_FORGOTTEN),
            (number(right + 1), ONE_TOO_MANY),
            (number(right - 1) if right else None, ONE_TOO_FEW),
            (number(d.size - made * d.kernel) if d.size >= made * d.kernel else None, WINDOWS_SIDE_BY_SIDE),
            (number(right + d.stride), LAST_WINDOW_FORGOTTEN),
        )
        terms = f"W − ((W′ − 1)·S + F) = {d.size} − (({made} − 1)·{d.stride} + {d.kernel})"
        solution = [
            worked(counts, SIZES)[0],
            line(Bilingual("rows that are not read", "읽지 않는 행"), terms, str(right)),
        ]
        return Drafted(self.question.filled(d), number(right), wrong, solution)

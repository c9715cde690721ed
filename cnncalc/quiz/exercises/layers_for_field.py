"""Receptive fields: how many layers see so much."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import counted, field_behind, line
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import FIELD_DIVIDED, ONE_STEP_EACH, ONE_TOO_FEW, ONE_TOO_MANY, WHOLE_FIELD_DIVIDED
from cnncalc.quiz.parts.phrases import Bilingual


@register
class LayersForField(ExerciseKind):
    """The number of equal convolutions whose receptive field is as large as asked."""

    name = "layers-for-field"
    topic = "receptive"
    spaces: ClassVar[Spaces] = {
        1: {"layers": (2, 3, 4, 5, 6, 7), "kernel": (3, 5, 7)},
        2: {"layers": (3, 4, 6, 7, 8, 9, 10, 12, 15), "kernel": (3, 5, 7)},
    }
    question = Bilingual(
        "How many convolutions of {kernel}x{kernel} with stride 1 in a row see as much of their input as one of "
        "{field}x{field}?",
        "스트라이드 1인 {kernel}x{kernel} 합성곱을 몇 개 이어 붙이면 {field}x{field} 합성곱 하나와 같은 수용 영역을 "
        "갖는가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        field = field_behind(counted(f"conv {d.kernel}x{d.kernel}x8 same*{d.layers}", "99x99x3")).size
        wrong = wrongs(
            (number(d.layers + 1), ONE_TOO_MANY),
            (number(d.layers - 1), ONE_TOO_FEW),
            (number(field // d.kernel), FIELD_DIVIDED),
            (number(field // (d.kernel - 1) + (field % (d.kernel - 1) > 0)), WHOLE_FIELD_DIVIDED),
            (number(field - d.kernel + 1), ONE_STEP_EACH),
        )
        terms = f"({field} − 1)/({d.kernel} − 1)"
        solution = [line(Bilingual("layers", "층의 수"), f"(R − 1)/(F − 1) = {terms}", str(d.layers))]
        return Drafted(self.question.filled({**d, "field": field}), number(d.layers), wrong, solution)

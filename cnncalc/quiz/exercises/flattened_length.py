"""Sizes: how long a volume is as a vector."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import counted, line
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import ADDED_SIZES, BYTES_COUNTED, CHANNELS_FORGOTTEN
from cnncalc.quiz.parts.phrases import Bilingual


@register
class FlattenedLength(ExerciseKind):
    """The length of the vector that a volume is stretched to."""

    name = "flattened-length"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        1: {
            "height": (5, 7, 28, 32, 64, 224, 1024),
            "width": (5, 7, 28, 32, 64, 224, 1024),
            "channels": (3, 16, 40, 64),
        }
    }
    question = Bilingual(
        "A volume of {height}x{width}x{channels} is stretched to a vector, in front of a fully connected layer. "
        "How many numbers does the vector have?",
        "완전연결층 앞에서 {height}x{width}x{channels} 볼륨을 한 줄의 벡터로 편다. 벡터에는 수가 몇 개 있는가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise; every second one with a square volume."""
        d = drawn
        arriving = f"{d.height}x{d.width}x{d.channels}"
        length = counted("flatten", arriving).network.output.values
        wrong = wrongs(
            (number(d.height * d.width), CHANNELS_FORGOTTEN),
            (number(d.height + d.width + d.channels), ADDED_SIZES),
            (number(4 * length), BYTES_COUNTED),
        )
        solution = [line(Bilingual("length", "길이"), f"{d.height}·{d.width}·{d.channels}", f"{length:,}")]
        return Drafted(self.question.filled(d), number(length), wrong, solution)

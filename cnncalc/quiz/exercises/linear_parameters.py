"""Parameters: those of a fully connected layer."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import PARAMETERS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_FORGOTTEN, CHANNELS_FORGOTTEN, ONE_BIAS, SIDE_ONCE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class LinearParameters(ExerciseKind):
    """The parameters of a fully connected layer on a volume."""

    name = "linear-parameters"
    topic = "parameters"
    spaces: ClassVar[Spaces] = {
        1: {"size": (4, 5, 7, 8, 14, 28, 32), "channels": (3, 16, 20, 32), "outputs": (10, 84, 100, 120)},
        2: {"size": (6, 7, 13, 14), "channels": (64, 128, 256, 512), "outputs": (512, 1000, 2048, 4096)},
    }
    question = Bilingual(
        "A fully connected layer with {outputs} outputs, each with a bias, follows a volume of "
        "{size}x{size}x{channels}. How many parameters does it have?",
        "{size}x{size}x{channels} 볼륨 뒤에 출력이 {outputs}개이고 출력마다 편향이 있는 완전연결층이 있다. 이 층의 "
        "파라미터는 몇 개인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"fc {d.outputs}", f"{d.size}x{d.size}x{d.channels}")
        weights = d.size * d.size * d.channels * d.outputs
        wrong = wrongs(
            (number(weights), BIAS_FORGOTTEN),
            (number(weights + 1), ONE_BIAS),
            (number((d.size * d.size + 1) * d.outputs), CHANNELS_FORGOTTEN),
            (number((d.size * d.channels + 1) * d.outputs), SIDE_ONCE),
        )
        return Drafted(self.question.filled(d), number(counts.network.params), wrong, worked(counts, PARAMETERS))

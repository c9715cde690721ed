"""Multiplications: those of a fully connected layer."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import MACS, counted, worked
from cnncalc.quiz.parts.exercise import number
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import BIAS_MULTIPLIED, CHANNELS_FORGOTTEN, OUTPUTS_FORGOTTEN, SIDE_ONCE
from cnncalc.quiz.parts.phrases import Bilingual


@register
class LinearProducts(ExerciseKind):
    """The multiplications of a fully connected layer for one image."""

    name = "linear-products"
    topic = "multiplications"
    spaces: ClassVar[Spaces] = {
        1: {"size": (4, 5, 7, 8, 28, 32), "channels": (3, 8, 16, 40), "outputs": (10, 20, 100)},
        2: {"size": (6, 7, 13, 14), "channels": (64, 128, 256, 512), "outputs": (512, 1000, 2048, 4096)},
    }
    question = Bilingual(
        "A fully connected layer with {outputs} outputs, each with a bias, follows a volume of "
        "{size}x{size}x{channels}. How many multiplications does it take for one image?",
        "{size}x{size}x{channels} 볼륨 뒤에 출력이 {outputs}개이고 출력마다 편향이 있는 완전연결층이 있다. 이미지 한 "
        "장에 곱셈이 몇 번 필요한가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"fc {d.outputs}", f"{d.size}x{d.size}x{d.channels}")
        right = counts.network.macs
        wrong = wrongs(
            (number(right + d.outputs), BIAS_MULTIPLIED),
            (number(right // d.channels), CHANNELS_FORGOTTEN),
            (number(right // d.outputs), OUTPUTS_FORGOTTEN),
            (number(right // d.size), SIDE_ONCE),
        )
        return Drafted(self.question.filled(d), number(right), wrong, worked(counts, MACS))

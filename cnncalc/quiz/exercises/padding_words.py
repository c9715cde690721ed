"""Sizes: what “same” and “valid” mean."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import INPUT_CHANNELS, ONE_CHANNEL, PADDING_ONCE, PLUS_ONE_FORGOTTEN, SAME_FOR_VALID
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square

WORDS = ("same", "valid")


@register
class PaddingWords(ExerciseKind):
    """The output volume of a convolution whose padding is said in a word."""

    name = "padding-words"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        1: {
            "size": (6, 8, 10, 14, 28, 32),
            "channels": (1, 3),
            "kernel": (3, 5),
            "filters": (4, 6, 8, 16),
            "word": (0, 1),
        }
    }
    question = Bilingual(
        "An input of {size}x{size}x{channels} goes through {filters} filters of {kernel}x{kernel} with stride 1 and "
        "“{text}” padding. Which volume comes out?",
        "{size}x{size}x{channels} 입력에 스트라이드 1, “{text}” 패딩으로 {kernel}x{kernel} 필터 {filters}개를 "
        "적용한다. 출력 볼륨은 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d, word = drawn, WORDS[drawn.word]
        counts = counted(f"conv {d.kernel}x{d.kernel}x{d.filters} {word}", f"{d.size}x{d.size}x{d.channels}")
        output = counts.network.output
        other = d.size if word == "valid" else outputs(d.size, d.kernel)
        once = outputs(d.size, d.kernel, 1, (d.kernel - 1) // 2)
        wrong = wrongs(
            (square(other, d.filters), SAME_FOR_VALID),
            (square(output[0], d.channels), INPUT_CHANNELS),
            (square(once, d.filters) if word == "same" else None, PADDING_ONCE),
            (square(output[0] - 1, d.filters) if word == "valid" else None, PLUS_ONE_FORGOTTEN),
            (square(output[0], 1), ONE_CHANNEL),
        )
        return Drafted(self.question.filled({**d, "text": word}), volume(output), wrong, worked(counts, SIZES))

"""Sizes: what comes out of a pooling."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import SIZES, counted, worked
from cnncalc.quiz.parts.exercise import volume
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import CHANNELS_POOLED, ONE_CHANNEL, PLUS_ONE_FORGOTTEN, STRIDE_FORGOTTEN
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.parts.windows import outputs, square


@register
class PoolingOutput(ExerciseKind):
    """The output volume of a max pooling that fits."""

    name = "pooling-output"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {
        1: {"size": (6, 8, 12, 14, 28, 32), "channels": (3, 6, 8, 16), "kernel": (2,), "stride": (2,)},
        2: {
            "size": (9, 13, 27, 55, 57, 63, 111),
            "channels": (16, 32, 64, 96, 256),
            "kernel": (2, 3),
            "stride": (1, 2, 3),
        },
    }
    question = Bilingual(
        "A volume of {size}x{size}x{channels} goes through max pooling of {kernel}x{kernel} with stride {stride}. "
        "Which volume comes out?",
        "{size}x{size}x{channels} 볼륨에 스트라이드 {stride}인 {kernel}x{kernel} 최대 풀링을 적용한다. 출력 볼륨은 "
        "어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        counts = counted(f"maxpool {d.kernel}x{d.kernel} s{d.stride}", f"{d.size}x{d.size}x{d.channels}")
        output = counts.network.output
        wrong = wrongs(
            (square(output[0], d.channels // d.stride) if d.stride > 1 else None, CHANNELS_POOLED),
            (square(outputs(d.size, d.kernel), d.channels), STRIDE_FORGOTTEN),
            (square(output[0] - 1, d.channels), PLUS_ONE_FORGOTTEN),
            (square(output[0], 1), ONE_CHANNEL),
        )
        return Drafted(self.question.filled(d), volume(output), wrong, worked(counts, SIZES))

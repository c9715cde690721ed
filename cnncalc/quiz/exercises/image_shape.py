"""Sizes: the shape of an image as an array."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.quiz.parts.engine import line
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, register, wrongs
from cnncalc.quiz.parts.mistakes import CHANNELS_FIRST, CHANNELS_FORGOTTEN, WIDTH_FIRST
from cnncalc.quiz.parts.phrases import Bilingual, same


@register
class ImageShape(ExerciseKind):
    """The shape of a colour image in NumPy."""

    name = "image-shape"
    topic = "sizes"
    spaces: ClassVar[Spaces] = {1: {"height": (24, 39, 48, 120, 480, 600), "width": (31, 36, 64, 160, 640, 800)}}
    question = Bilingual(
        "A colour photo is {height} pixels high and {width} pixels wide. Pillow and Matplotlib read it as an array of "
        "NumPy. Which shape does the array have?",
        "높이가 {height}픽셀, 너비가 {width}픽셀인 컬러 사진이 있다. Pillow나 Matplotlib으로 읽은 NumPy 배열의 "
        "형태(shape)는 어느 것인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        height, width = drawn.height, drawn.width
        wrong = wrongs(
            (_shape(width, height, 3), WIDTH_FIRST),
            (_shape(3, height, width), CHANNELS_FIRST),
            (_shape(height, width), CHANNELS_FORGOTTEN),
        )
        order = Bilingual("(height, width, channels)", "(높이, 너비, 채널)")
        right = _shape(height, width, 3)
        return Drafted(self.question.filled(drawn), right, wrong, [line(Bilingual("shape", "형태"), order, right.text)])


def _shape(*sizes: int) -> Answer:
    return Answer(same(f"({', '.join(map(str, sizes))})"))

"""What fits: which layer of a network does not."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.core.errors import SpecError
from cnncalc.quiz.parts.engine import LayerText, counted_layers, line
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, Drawn, ExerciseKind, Spaces, WrongAnswer, register
from cnncalc.quiz.parts.layer_words import convolution, max_pooling
from cnncalc.quiz.parts.mistakes import ALL_FIT_NOT, FITS_HERE, NEVER_REACHED
from cnncalc.quiz.parts.phrases import Bilingual

ALL_FIT = Answer(Bilingual("all of them fit", "모두 맞는다"))


@register
class UnfittingLayer(ExerciseKind):
    """The first layer of a network whose window does not fit."""

    name = "unfitting-layer"
    topic = "fit"
    spaces: ClassVar[Spaces] = {
        3: {
            "size": (28, 30, 32, 33, 45, 63, 64, 96),
            "kernel": (3, 5, 7),
            "stride": (1, 2),
            "padding": (0, 1, 2),
            "pool": (2, 3),
            "second": (3, 5),
        }
    }
    question = Bilingual(
        "An input of {size}x{size}x3 goes through these layers, and nothing is rounded. Which one is the first that "
        "does not fit?",
        "{size}x{size}x3 입력이 다음 층을 차례로 지난다. 반올림이나 버림은 하지 않는다. 처음으로 맞지 않는 층은 몇 "
        "번째인가?",
    )

    def draft(self, drawn: Drawn) -> Drafted | None:
        """Return the exercise."""
        d = drawn
        if d.padding >= d.kernel:
            return None
        layers = [convolution(d.kernel, 8, d.stride, d.padding), max_pooling(d.pool, 2), convolution(d.second, 16, 2)]
        sizes, detail = _sizes(layers, f"{d.size}x{d.size}x3")
        right = len(sizes)
        if right == len(layers):
            return None
        passed = [
            WrongAnswer(_place(place), FITS_HERE.filled({"size": f"{size}x{size}"})) for place, size in enumerate(sizes)
        ]
        later = [WrongAnswer(_place(place), NEVER_REACHED) for place in range(right + 1, len(layers))]
        every = WrongAnswer(ALL_FIT, ALL_FIT_NOT.filled({"sum": detail}))
        solution = [
            *[line(layer.words, "", f"{size}x{size}") for layer, size in zip(layers, sizes, strict=False)],
            line(layers[right].words, detail, ""),
        ]
        words = [layer.words for layer in layers]
        return Drafted(self.question.filled(d), _place(right), [*passed, *later, every], solution, words)


def _place(place: int) -> Answer:
    ordinals = ("first", "second", "third")
    korean = ("첫째 층", "둘째 층", "셋째 층")
    return Answer(Bilingual(f"the {ordinals[place]} layer", korean[place]))


def _sizes(layers: list[LayerText], arriving: str) -> tuple[list[int], str]:
    """Return the sizes behind the layers that fit, and the sum of the first that does not; "" where all do."""
    sizes: list[int] = []
    for place in range(1, len(layers) + 1):
        size, detail = _behind(layers[:place], arriving)
        if detail:
            return sizes, detail
        sizes.append(size)
    return sizes, ""


def _behind(layers: list[LayerText], arriving: str) -> tuple[int, str]:
    """Return the size behind some layers; 0 and the sum that does not come out where the last does not fit."""
    try:
        return counted_layers(layers, arriving).network.output[0], ""
    except SpecError as error:
        if error.code != "does-not-fit":
            raise
        return 0, error.detail

"""Which of several numbers makes a window fit: the others are wrong, each with the sum that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.layers.window import Window
from cnncalc.quiz.parts.engine import misfit, window_line
from cnncalc.quiz.parts.exercise import Answer
from cnncalc.quiz.parts.kind import Drafted, WrongAnswer
from cnncalc.quiz.parts.mistakes import NOT_WHOLE
from cnncalc.quiz.parts.phrases import Bilingual


def what_fits(
    question: Bilingual, right: int, tried: Mapping[int, tuple[Window, int]], answer: Callable[[int], Answer]
) -> Drafted | None:
    """Return the exercise whose answer is a number that makes a window fit; None where it does not fit.

    Args:
        question: what is asked.
        right: the number that shall be the answer.
        tried: of each number that may be offered the window, and the size of the input; those near the right one are
            offered first.
        answer: shows a number as an answer.

    """
    sums = {number: misfit(window, size) for number, (window, size) in tried.items()}
    if sums[right]:
        return None
    near = sorted(sums, key=lambda number: abs(number - right))
    wrong = [WrongAnswer(answer(number), NOT_WHOLE.filled({"sum": sums[number]})) for number in near if sums[number]]
    return Drafted(question, answer(right), wrong, [window_line(*tried[right])])

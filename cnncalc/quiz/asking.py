"""Exercises asked one by one, in a terminal or from a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import TextIO

from cnncalc.core.cleaning import terminal_width
from cnncalc.core.words import shorten
from cnncalc.core.writing import write_stream
from cnncalc.quiz.parts.exercise import TOPICS, Exercise, letter
from cnncalc.quiz.parts.phrases import Bilingual
from cnncalc.quiz.words import TOPIC_NAMES, about
from cnncalc.report.number_grids import grid_of, side_by_side
from cnncalc.report.report import Screen

PROMPT = Bilingual("Answer (A to D; s for the solution, q to end): ", "답 (A~D, s 풀이, q 끝내기): ")
UNKNOWN = Bilingual(
    "“{text}” is not one of the answers. Type A, B, C or D, or the answer itself.",
    "“{text}”: 보기에 없는 답이다. A, B, C, D 가운데 하나나 답을 그대로 입력하시오.",
)
RIGHT = Bilingual("Right.", "맞았다.")
WRONG = Bilingual("Wrong: {mistake}.", "틀렸다. {mistake}.")
ANSWER = Bilingual("The answer is {letter}, {answer}.", "정답: {letter}, {answer}")
SCORE = Bilingual("Score: {right} of {asked}", "점수: {asked}문제 중 {right}문제")
TOPIC_SCORE = Bilingual("  {topic}: {right} of {asked}", "  {topic}: {asked}문제 중 {right}문제")
NONE_ANSWERED = Bilingual("No exercise was answered.", "답한 문제가 없다.")

_WIDEST = 88
_NARROW = 60
_GREEN, _RED, _BOLD = "32", "31", "1"


class Asking:
    """Asks exercises, says what is right or wrong and why, and keeps the score."""

    def __init__(self, given: TextIO | None, shown: TextIO | None, screen: Screen, language: str) -> None:
        self._given, self._shown, self._screen, self._language = given, shown, screen, language
        self._width = max(20, min(screen.width - 1, _WIDEST))
        self._score: dict[str, list[bool]] = {}

    def ask(self, exercises: Sequence[Exercise]) -> None:
        """Ask all exercises, or until the input ends; the score comes in any case.

        Raises:
            WriteError: where the reader has closed the pipe.

        """
        if isinstance(self._given, TextIOWrapper):
            self._given.reconfigure(errors="replace")
        try:
            for number, exercise in enumerate(exercises, 1):
                self._write(self._question(number, len(exercises), exercise))
                if not self._answered(exercise):
                    break
        except BaseException:  # Ctrl-C: the score first
            self._write(["", *self._scores()])
            raise
        self._write(self._scores())

    def _answered(self, exercise: Exercise) -> bool:
        """Read an answer and print whether it is right; return False where there will be no more."""
        while True:
            text = self._heard()
            if text is None or text.lower() in ("q", "quit", "exit"):
                return False
            place = exercise.chosen(text, self._language)
            asked = text.lower() in ("s", "?")
            if place is None and not asked:
                if text:
                    self._write(self._wrapped(UNKNOWN.of(self._language).format(text=shorten(text))))
                continue
            right = place == exercise.right
            self._score.setdefault(exercise.topic, []).append(right)
            self._write([*self._verdict(exercise, place), *self._solution(exercise), ""])
            return True

    def _heard(self) -> str | None:
        """Read an answer; None at the end of the input."""
        write_stream("\n".join(self._wrapped(PROMPT.of(self._language))), self._shown)
        line = self._given.readline() if self._given is not None else ""
        typed = self._given is not None and self._given.isatty()
        if not typed or not line.endswith("\n"):
            self._write([shorten(line.strip())])  # what is not typed here is not seen either
        return line.strip() if line else None

    # ---- what is shown

    def _question(self, number: int, count: int, exercise: Exercise) -> Iterator[str]:
        language = self._language
        yield self._coloured(f"{number}/{count}  {about(exercise, language)}", _BOLD)
        yield from self._wrapped(exercise.question.of(language))
        for place, layer in enumerate(exercise.layers, 1):
            yield from self._wrapped(layer.of(language), f"  {place}. ")
        if exercise.given:
            blocks = [(given.title.of(language), grid_of(given.rows)) for given in exercise.given]
            yield from ["", *side_by_side(blocks, self._width), ""]
        for place, option in enumerate(exercise.options):
            yield from self._wrapped(option.answer.text.of(language), f"  {letter(place)}  ")

    def _verdict(self, exercise: Exercise, place: int | None) -> Iterator[str]:
        language = self._language
        right = exercise.right
        if place == right:
            yield self._coloured(RIGHT.of(language), _GREEN)
            return
        if place is not None:
            mistake = exercise.options[place].mistake or Bilingual("", "")
            lines = self._wrapped(WRONG.of(language).format(mistake=mistake.of(language)))
            yield from [self._coloured(line, _RED) for line in lines]
        answer = exercise.options[right].answer.text.of(language)
        yield from self._wrapped(ANSWER.of(language).format(letter=letter(right), answer=answer))

    def _solution(self, exercise: Exercise) -> Iterator[str]:
        steps = [line.of(self._language) for line in exercise.worked]
        margin = max([terminal_width(step.quantity) for step in steps])
        for step in steps:
            if self._width < _NARROW or margin > self._width // 2:
                yield from self._wrapped(step.quantity, "  ")
                yield from self._wrapped(str(step), "    ")
            else:
                blanks = " " * (margin - terminal_width(step.quantity))
                yield from self._wrapped(str(step), f"  {step.quantity}{blanks}  ")

    def _scores(self) -> Iterator[str]:
        language = self._language
        every = [right for answers in self._score.values() for right in answers]
        if not every:
            yield NONE_ANSWERED.of(language)
            return
        yield self._coloured(SCORE.of(language).format(right=sum(every), asked=len(every)), _BOLD)
        if len(self._score) > 1:
            for topic in [topic for topic in TOPICS if topic in self._score]:
                answers = self._score[topic]
                name = TOPIC_NAMES[topic].of(language)
                yield TOPIC_SCORE.of(language).format(topic=name, right=sum(answers), asked=len(answers))

    def _write(self, lines: Sequence[str] | Iterator[str]) -> None:
        write_stream("".join([line + "\n" for line in lines]), self._shown)

    def _coloured(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._screen.colour else text

    def _wrapped(self, text: str, first: str = "") -> Iterator[str]:
        """Yield a text in lines that are no wider than the screen; what stands first is only in front of the first."""
        margin = terminal_width(first)
        line, used = first, margin
        for word in text.split(" "):
            width = terminal_width(word)
            if used > margin and used + 1 + width > self._width:
                yield line
                line, used = " " * margin, margin
            line, used = (f"{line} {word}", used + 1 + width) if used > margin else (line + word, used + width)
        yield line

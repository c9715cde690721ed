"""The words around exercises, on a sheet and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.quiz.parts.exercise import Exercise
from cnncalc.quiz.parts.phrases import Bilingual

TITLE = Bilingual("Exercises", "연습 문제")
ANSWERS = Bilingual("Answers", "정답과 풀이")
ANSWER = Bilingual("Answer", "정답")
FOLDED = Bilingual("Answer and solution", "정답과 풀이")
AGAIN = Bilingual("This sheet is made again by", "이 문제지를 다시 만드는 명령")
SHEET = Bilingual(
    "Choose the right answer. Sizes are height x width x channels.",
    "알맞은 답을 고르시오. 크기는 높이 x 너비 x 채널의 순서이다.",
)

TOPIC_NAMES: Mapping[str, Bilingual] = {
    "sizes": Bilingual("sizes", "크기"),
    "parameters": Bilingual("parameters", "파라미터"),
    "multiplications": Bilingual("multiplications", "곱셈"),
    "receptive": Bilingual("receptive fields", "수용 영역"),
    "fit": Bilingual("what fits", "맞는 스트라이드와 패딩"),
    "values": Bilingual("values", "값"),
    "design": Bilingual("design", "설계"),
}
"""What the topics are called."""

CHECK = Bilingual("Check", "채점")

_ABOUT = Bilingual("{topic}, level {level}", "{topic}, {level}단계")


def about(exercise: Exercise, language: str) -> str:
    """Return what an exercise is about and how hard it is: sizes, level 2."""
    topic = TOPIC_NAMES[exercise.topic].of(language)
    return _ABOUT.of(language).format(topic=topic, level=exercise.level)


def sentence(clause: str) -> str:
    """Return a clause as a sentence: The padding was forgotten."""
    return f"{clause[:1].upper()}{clause[1:]}."

"""Worked solutions in Korean, in the words of the lectures (docs/glossary.md has them)."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution

LANGUAGES = ("en", "ko")

_QUANTITIES = {
    "input": "입력",
    "output": "출력",
    "length": "길이",
    "depth": "깊이",
    "height": "높이",
    "width": "너비",
    "height and width": "높이와 너비",
    "depth, height and width": "깊이, 높이, 너비",
    "parameters": "파라미터",
    "MACs": "MAC (곱셈-누산)",
    "FLOPs": "FLOP",
    "read and written": "읽고 쓰는 양",
    "not learned": "학습하지 않는 값",
    "field of unit 0": "유닛 0의 수용 영역",
    "centre of unit u": "유닛 u의 중심",
    "memory": "메모리",
    "receptive field": "수용 영역",
    "not read": "읽지 않는 곳",
    "as a matrix product": "행렬 곱",
    "neurons": "뉴런",
    "weights of each neuron": "뉴런 하나의 가중치",
    "connections": "연결",
    "without sharing": "공유하지 않으면",
    "padding to keep the size": "크기를 유지하는 패딩",
    "gradient of the input": "입력의 기울기",
    "gradient of the weights": "가중치의 기울기",
    "gradient of the biases": "편향의 기울기",
    "MACs of the backward pass": "역전파의 MAC",
    "backward pass": "역전파",
    "together": "합계",
    "with the bias": "편향을 더하면",
}

_NOUNS = {"row": "행", "column": "열", "slice": "면", "value": "값"}


def _unread(match: re.Match[str]) -> str:
    """Translate ``2 rows and 1 column`` and ``row and column``."""
    parts = re.split(r",? and |, ", match[1])
    found = []
    for part in parts:
        count, _, noun = part.rpartition(" ")
        word = _NOUNS.get(noun.removesuffix("s"), noun)
        found.append(f"{word} {count}개" if count.isdecimal() else word)
    return f"마지막 {', '.join(found)}: 어떤 창도 읽지 않는다"


def _moved(match: re.Match[str]) -> str:
    """Translate ``(input 48 + weights 12 + output 64)``."""
    words = zip(("입력", "가중치", "출력"), match.groups(), strict=True)
    return f"({' + '.join([f'{word} {count}' for word, count in words if count])})"


_PHRASES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^0, since an earlier layer has its weights$", "0 (앞 층의 가중치를 함께 쓴다)"),
    (r"^not needed, since nothing before it is learned$", "필요 없다: 앞에 학습하는 층이 없다"),
    (r"^not known: the enlargement is too fine$", "알 수 없다: 확대 비율이 너무 세밀하다"),
    (r"^only padding is dropped$", "패딩만 읽지 않는다"),
    (r"^the last (.+) (?:is|are) never read$", _unread),
    (r"^the branches (.+) together$", r"가지 \1의 영역을 합쳐서"),
    (r"^its input and the pool (.+) together$", r"입력과 풀링 \1의 영역을 합쳐서"),
    (r"^positions (\S+) to (\S+), centre (\S+)$", r"위치 \1부터 \2까지, 중심 \3"),
    (r"^\((?:input ([\d,]+))?(?: \+ )?(?:weights ([\d,]+) \+ )?output ([\d,]+)\)(?= values)", _moved),
    (r" for one image$", " (이미지 한 장)"),
    (r", each the sum of ([\d,]+) values$", r", 각각 값 \1개의 합"),
    (r"([\d,·]+|\([^()]*\)) values", r"값 \1개"),
    (r" bytes?", "바이트"),
    (r"([\d,]+) images", r"이미지 \1장"),
    (r", stride ", ", 스트라이드 "),
    (r", ([\d,]+) MACs$", r", MAC \1"),
    (r" and a bias$", "개와 편향 하나"),
    (r"([\d,]+) parameters, (\S+) times as many$", r"파라미터 \1개, \2배"),
    (r"^([\d,]+) MACs, (\S+) times those of the forward pass$", r"MAC \1, 순전파의 \2배"),
    (r"^([\d,]+) in ([\d,]+) layers, ([\d,]+) connections$", r"\1개 (층 \2개), 연결 \3개"),
    (r"^(\d+) before and (\d+) after$", r"앞 \1, 뒤 \2"),
    (r"^(\d+) times (?=\[)", r"\1 × "),
    (r" and (?=\d)", ", "),
)


def in_korean(solution: WorkedSolution) -> WorkedSolution:
    """Return a worked solution with its words in Korean; names, letters and numbers stay."""
    return solution._replace(
        first=list(map(step_in_korean, solution.first)),
        field=list(map(step_in_korean, solution.field)),
        last=list(map(step_in_korean, solution.last)),
    )


def step_in_korean(step: ArithmeticStep) -> ArithmeticStep:
    """Return one step in Korean."""
    return ArithmeticStep(_quantity(step.quantity), _phrase(step.sum), _phrase(step.result))


def _quantity(text: str) -> str:
    known = _QUANTITIES.get(text)
    if known is not None:
        return known
    field, comma, axis = text.partition(", ")
    if comma:
        return f"{_quantity(field)}, {_quantity(axis)}"
    field, inside, name = text.partition(" in ")
    if inside:
        return f"{_quantity(field)} ({name})"
    return text.replace("size ", "크기 ").replace("channel ", "채널 ")


def _phrase(text: str) -> str:
    for pattern, korean in _PHRASES:
        text = re.sub(pattern, korean, text)
    return text


TITLES = {"name": "이름", "quantity": "양", "sum": "식", "result": "결과"}
"""The titles of the columns."""

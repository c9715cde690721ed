"""Sums as LaTeX: ``align*`` with words at the left and formulas at the right. It needs the package amsmath."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution
from cnncalc.core.cleaning import latex_cell

_PROSE = re.compile(r" ?(?<![\\A-Za-z])(?:[가-힣]|[A-Za-z]{2,})(?:[A-Za-z가-힣]|[,:;.'()\- ]+(?=[A-Za-z가-힣]))* ?")
"""Words, with what stands between them; letters of formulas stand alone."""

_LETTERS = {"OP": r"\mathit{OP}"}
_SIGNS = str.maketrans(
    {
        "·": r" \cdot ",
        "−": "-",
        "×": r" \times ",
        "′": "'",
        "⌊": r"\left\lfloor ",
        "⌋": r"\right\rfloor ",
        "⌈": r"\left\lceil ",
        "⌉": r"\right\rceil ",
        **{chr(ord("₀") + digit): f"_{digit}" for digit in range(10)},
    }
)


def align_pieces(solutions: Iterable[WorkedSolution]) -> Iterator[str]:
    """Yield the worked solutions, each as a paragraph with an ``align*`` below it."""
    between = ""
    for solution in solutions:
        node = solution.row.node
        title = f"\\paragraph{{{latex_cell(node.name)}: \\texttt{{{latex_cell(node.written)}}}}}"
        yield between + title + "\n" + align(solution.steps)
        between = "\n"


def align(steps: Iterable[ArithmeticStep]) -> str:
    """Return steps as one ``align*``, whose lines begin with what is worked out."""
    return "\\begin{align*}\n" + " \\\\\n".join(map(_line, steps)) + "\n\\end{align*}\n"


def _line(step: ArithmeticStep) -> str:
    equals = "= " if step.sum and step.result else ""
    parts = [math_text(text) for text in (step.sum, step.result) if text]
    return f"\\text{{{latex_cell(step.quantity)}}} &: {f' {equals}'.join(parts)}"


def math_text(text: str) -> str:
    r"""Return a sum as LaTeX's mathematics: quotients as ``\frac``, words as ``\text``."""
    found, end = [], 0
    text = _with_fractions(text)
    for match in _PROSE.finditer(text):
        if match[0].strip() in _LETTERS:
            continue
        closed = match[0].count("(") == match[0].count(")") + 1 and text.startswith(")", match.end())
        found += [_signs(text[end : match.start()]), _text(match[0] + ")" * closed)]
        end = match.end() + closed
    return "".join([*found, _signs(text[end:])])


def _text(words: str) -> str:
    """Return words as text, with the blanks at their ends, which mathematics leaves out."""
    before, after = " " * words.startswith(" "), " " * words.endswith(" ")
    return f"\\text{{{before}{latex_cell(words.strip())}{after}}}"


def _signs(text: str) -> str:
    text = re.sub(r"(?<=\d),(?=\d{3})", "{,}", text)
    text = re.sub(r"(\d+) (\d+)/(\d+)", r"\1\\tfrac{\2}{\3}", text)  # 2 1/3
    text = re.sub(r"(?<=\d) (?=−?\d)", r"\\;", text)  # numbers beside each other, as in a row of a grid
    text = re.sub(r"(?<=\d) \($", r"\\ (", text)  # in front of words in brackets
    text = re.sub(r"(?<=\d)x(?=\d)|(?<=\d) x (?=\d)", "×", text)
    for word, letters in _LETTERS.items():
        text = text.replace(word, letters)
    return text.translate(_SIGNS).replace("%", "\\%")


def _with_fractions(text: str) -> str:
    r"""Write ``(a − b)/c`` as ``\frac{a − b}{c}``."""
    while (slash := text.find(")/")) >= 0:
        start, depth = slash, 0
        while start >= 0:
            depth += {")": 1, "(": -1}.get(text[start], 0)
            if depth == 0:
                break
            start -= 1
        below = re.match(r"\w+", text[slash + 2 :])
        if below is None or start < 0:
            break
        end = slash + 2 + below.end()
        text = f"{text[:start]}\\frac{{{text[start + 1 : slash]}}}{{{below[0]}}}{text[end:]}"
    return text

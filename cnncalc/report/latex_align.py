"""Sums as LaTeX: ``align*`` with words at the left and formulas at the right. It needs the package amsmath."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution
from cnncalc.core.cleaning import latex_cell, terminal_width

_PROSE = re.compile(r" ?(?<![\\A-Za-z])(?:[가-힣]|[A-Za-z]{2,})(?:[A-Za-z가-힣]|[,:;.'()\- ]+(?=[A-Za-z가-힣]))* ?")
"""Words, with what stands between them; letters of formulas stand alone."""

_LETTERS = {"OP": r"\mathit{OP}"}
_OPERATORS = ("·", "+", "=")
"""Signs that mathematics sets blanks around by itself."""

_MOST_CELLS = 56
"""Cells that a line may take, a dot with its blanks as two; what is wider goes on below, from an equals sign."""

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
    lines = [""]
    for part in str(step).split(" = "):
        longer = f"{lines[-1]} = {part}" if lines[-1] else part
        if lines[-1] and terminal_width(longer) + longer.count("·") > _MOST_CELLS:
            lines.append(f"= {part}")
        else:
            lines[-1] = longer
    return f"\\text{{{latex_cell(step.quantity)}}} &: " + " \\\\\n&\\phantom{:}\\ ".join(map(math_text, lines))


def math_text(text: str) -> str:
    r"""Return a sum as LaTeX's mathematics: quotients as ``\frac``, words as ``\text``."""
    found: list[str] = []
    end = 0
    text = _with_fractions(text)
    for match in _PROSE.finditer(text):
        if match[0].strip() in _LETTERS:
            continue
        between, words = text[end : match.start()], match[0]
        closed = _is_open(words) and text.startswith(")", match.end())
        end = match.end() + closed
        words = words.lstrip() if between.endswith(_OPERATORS) else words
        words = words.rstrip() if text.startswith(_OPERATORS, end) else words
        found += [_behind_words(between) if found else _signs(between), _words(words + ")" * closed)]
    return "".join([*found, _behind_words(text[end:]) if found else _signs(text[end:])])


def _behind_words(text: str) -> str:
    """Return signs behind words, where a minus is that of a number."""
    return re.sub(r"^-(?=\d)", "{-}", _signs(text))


def _words(words: str) -> str:
    """Return words as text; a bracket that closes behind a number stands between them."""
    before, bracket, after = words.rpartition("(") if _is_open(words) else (words, "", "")
    return f"{_text(before)}({_text(after)}" if bracket else _text(words)


def _is_open(words: str) -> bool:
    return words.count("(") > words.count(")")


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
    return re.sub(" +", " ", text.translate(_SIGNS)).replace("%", "\\%")


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

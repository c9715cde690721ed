"""A sheet of exercises as a LaTeX document, for xelatex; Korean needs the package kotex."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnncalc.core.cleaning import latex_cell
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.parts.exercise import Answer, Exercise, GivenGrid, letter
from cnncalc.quiz.words import AGAIN, ANSWERS, SHEET, TITLE, about, sentence
from cnncalc.report.explain import LEGEND
from cnncalc.report.latex_align import align, math_text
from cnncalc.report.values_latex import matrix

_SHORT = 17
"""Most characters of an answer of which four stand in a line."""

_TIMES = re.compile(r"(?<=\d)x(?=\d)|(?<= )x(?= )")

_HEAD = r"""% xelatex makes a PDF of this file
\documentclass[11pt,a4paper]{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
KOREAN\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\allowdisplaybreaks
\begin{document}
"""


def latex_sheet(sheet: Sheet) -> Iterator[str]:
    """Yield the document: the exercises, and the answers from a new page on."""
    language = sheet.language
    yield _HEAD.replace("KOREAN", "\\usepackage{kotex}\n" if language == "ko" else "")
    yield f"\\section*{{{TITLE.of(language)}}}\n{_prose(SHEET.of(language))}\n"
    for number, exercise in enumerate(sheet.exercises, 1):
        yield from _question(number, exercise, language)
    if sheet.answers:
        yield f"\n\\newpage\n\\section*{{{ANSWERS.of(language)}}}\n{latex_cell(LEGEND[language])}.\n"
        for number, exercise in enumerate(sheet.exercises, 1):
            yield from _solution(number, exercise, language)
    yield f"\n\\bigskip\n{{\\footnotesize {AGAIN.of(language)}: \\texttt{{{_command(sheet.command)}}}}}\n"
    yield "\\end{document}\n"


def _prose(text: str) -> str:
    """Return a sentence, with the sign of multiplication in sizes."""
    return latex_cell(_TIMES.sub("×", text))


def _command(text: str) -> str:
    """Return a command whose two hyphens stay two, and do not become a dash."""
    return latex_cell(text).replace("--", "-{}-")


def _question(number: int, exercise: Exercise, language: str) -> Iterator[str]:
    """Yield a question that no page break parts."""
    title = f"\\textbf{{{number}.}} {{\\small {latex_cell(about(exercise, language))}}}"
    yield f"\n\\bigskip\n\\begin{{minipage}}{{\\linewidth}}\n{title}\n\n{_prose(exercise.question.of(language))}\n"
    if exercise.layers:
        items = "".join([f"\\item {_prose(layer.of(language))}\n" for layer in exercise.layers])
        yield "\\begin{enumerate}\\itemsep0pt\n" + items + "\\end{enumerate}\n"
    if exercise.given:
        shown = "\n\\qquad ".join([_given(given, language) for given in exercise.given])
        yield f"\\begin{{center}}\n{shown}\n\\end{{center}}\n"
    yield f"\n\\smallskip\n{_options([option.answer for option in exercise.options], language)}\n\\end{{minipage}}\n"


def _given(given: GivenGrid, language: str) -> str:
    """Return a grid with its name above it; several stand in a line as far as there is room."""
    title = f"\\text{{\\small {latex_cell(given.title.of(language))}}}"
    return f"$\\begin{{array}}{{@{{}}c@{{}}}} {title} \\\\[4pt] {matrix(given.rows, None)} \\end{{array}}$"


def _options(answers: Sequence[Answer], language: str) -> str:
    """Return the answers beside each other if they are short, else below each other."""
    shown = [f"{letter(place)}.\\enspace {_shown(answer, language)}" for place, answer in enumerate(answers)]
    widest = max([_width(answer, language) for answer in answers])
    if widest > 2 * _SHORT:
        return " \\\\\n".join(shown)
    share = "0.24" if widest <= _SHORT else "0.49"
    boxes = [f"\\makebox[{share}\\linewidth][l]{{{text}}}" for text in shown]
    apart = "\n" if share == "0.24" else "\n\\\\[2pt]\n"
    return apart.join(["\n".join(boxes[:2]), "\n".join(boxes[2:])])


def _width(answer: Answer, language: str) -> int:
    """Return how wide an answer is, in letters; a matrix takes those of its longest row."""
    if answer.rows:
        return max([len(" ".join(map(str, row))) for row in answer.rows]) + 4
    return len(answer.text.of(language))


def _shown(answer: Answer, language: str) -> str:
    return f"${matrix(answer.rows, None)}$" if answer.rows else f"${math_text(answer.text.of(language))}$"


def _solution(number: int, exercise: Exercise, language: str) -> Iterator[str]:
    right = exercise.options[exercise.right].answer
    yield f"\n\\medskip\n\\textbf{{{number}.}} {letter(exercise.right)}.\\enspace {_shown(right, language)}\n"
    yield "{\\small\n" + align([line.of(language) for line in exercise.worked]) + "}\n\n"
    for place, option in enumerate(exercise.options):
        if option.mistake is not None:
            yield f"{letter(place)}: {_prose(sentence(option.mistake.of(language)))}\n\n"

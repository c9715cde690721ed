"""What goes out, made safe for where it goes: names of classes, files and layers are written by strangers.

A terminal obeys control characters and turns text around at bidirectional ones; XML has no control characters at all;
a spreadsheet runs what begins with ``=``; Markdown keeps HTML, and LaTeX its commands. Letters of all languages stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

UNKNOWN = "�"
"""Stands for a character that is not shown."""

_BLANK_LETTERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
"""Letters by their category that are invisible, such as the filler of Hangul. Python calls them printable."""

_BEGINS_A_FORMULA = tuple("=+-@\t\r＝＋－＠")
_NUMBER = re.compile(r"[+\-]?\d+(\.\d+)?")

_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""One that is not inside a word, where it means nothing."""


def _any_of(table: Mapping[int, str]) -> re.Pattern[str]:
    """Return what finds a character that a table translates."""
    return re.compile(f"[{''.join(re.escape(chr(code)) for code in table)}]")


_MARKDOWN = str.maketrans(
    {
        **{character: "\\" + character for character in "\\`*[]~|$"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
    }
)
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": "$<$",
        ">": "$>$",
        "|": r"\textbar{}",
        "[": "{[}",  # behind the end of a line it would begin the line's distance
        "*": "{*}",
        UNKNOWN: "?",
        "·": r"$\cdot$",
        "−": "$-$",
        "×": r"$\times$",
        "→": r"$\rightarrow$",
        "⌊": r"$\lfloor$",
        "⌋": r"$\rfloor$",
        "⌈": r"$\lceil$",
        "⌉": r"$\rceil$",
        "✓": "yes",
        "✗": "no",
        "–": "--",
        "²": "$^2$",
        "γ": r"$\gamma$",
        "β": r"$\beta$",
        "′": "$'$",
        "├": "",
        "└": "",
        "─": "",
        "│": "",
        "█": r"\rule{1ex}{1ex}",
        **{character: "\\" + character for character in "&%$#_{}"},
        **dict.fromkeys("▏▎▍▌▋▊▉", r"\rule{.5ex}{1ex}"),
    }
)


_SPECIAL_IN_MARKDOWN = _any_of(_MARKDOWN)
_SPECIAL_IN_LATEX = _any_of(_LATEX)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def is_clean(text: str) -> bool:
    """Say whether a text of one line has nothing in it that no terminal should be sent."""
    return text.isprintable() and (text.isascii() or not _BLANK_LETTERS.search(text))


def printable(text: str) -> str:
    """Return one line, with a sign in the place of each character that is not seen or that steers a terminal.

    Tabs stay; spaces of other widths become spaces.
    """
    return text if is_clean(text) else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """Return a text with its line ends, each line as `printable` makes it."""
    if is_clean(text.replace("\n", "")):
        return text
    return "\n".join(map(printable, text.split("\n")))


def cell(text: str) -> str:
    """Return the text of a cell, or of anything else that stands in line with others: a tab is a space there."""
    return text if is_clean(text) else printable(text.replace("\t", " "))


def html_text(text: str) -> str:
    """Return a text that can stand between tags of HTML or SVG and in an attribute, also one that is not trusted."""
    clean = cell(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return clean.replace('"', "&quot;").replace("'", "&#39;")


def csv_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: ``'=1+1``, as OWASP advises."""
    clean = printable(text)
    return "'" + clean if clean.startswith(_BEGINS_A_FORMULA) and not _NUMBER.fullmatch(clean) else clean


def markdown_cell(text: str) -> str:
    """Return a cell of GitHub's Markdown that shows the text as it is: no HTML, no links, no emphasis."""
    clean = cell(text)
    if clean.isalnum():
        return clean
    escaped = clean.translate(_MARKDOWN) if _SPECIAL_IN_MARKDOWN.search(clean) else clean
    return _UNDERSCORE.sub(r"\\_", escaped) if "_" in escaped else escaped


def latex_cell(text: str) -> str:
    """Return a cell of a LaTeX table that shows the text as it is."""
    clean = cell(text)
    if clean.isalnum():
        return clean
    return (clean.translate(_LATEX) if _SPECIAL_IN_LATEX.search(clean) else clean).strip()


def json_text(text: str) -> str:
    """Return JSON that says the same, with every character escaped that no terminal should be sent."""
    if is_clean(text.replace("\n", "")):
        return text
    return "".join(c if c == "\n" or is_clean(c) else _json_escape(c) for c in text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def _shown(character: str) -> str:
    if character == "\t" or is_clean(character):
        return character
    return " " if character.isspace() and character not in "\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029" else UNKNOWN


def terminal_width(text: str) -> int:
    """Return how many cells of a terminal a text takes: two for a wide character, none for a mark on one."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # most texts do without

    return len(text) + sum(
        [
            -1 if category(character) in ("Mn", "Me", "Cf") else east_asian_width(character) in "WF"
            for character in _NOT_ASCII.findall(text)
        ]
    )

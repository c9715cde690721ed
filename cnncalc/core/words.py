"""Words in messages: the nearest known word, lists, long values cut short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cnncalc.core.cleaning import printable

_MOST_LETTERS_OFF = 6
_MOST_COMPARED = 2000


def closest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the ``known`` words that ``word`` was most likely meant to be, the likeliest first."""
    if len(word) > 40:
        return []
    from difflib import get_close_matches  # only on the way to an error

    alike = {name for name in known if abs(len(name) - len(word)) <= _MOST_LETTERS_OFF}
    return get_close_matches(word, sorted(alike)[:_MOST_COMPARED], count, 0.6)


def did_you_mean(word: str, known: Iterable[str]) -> list[str]:
    """Return a list with one hint, or none where no known word is near."""
    return [f"did you mean `{match}`?" for match in closest(word, known)]


def listed(names: Iterable[str], limit: int = 10) -> str:
    """Return names in order, joined by commas; of many, the first ones."""
    ordered = sorted(names, key=natural)
    return ", ".join(ordered[:limit]) + (", …" if len(ordered) > limit else "")


def natural(name: str) -> list[tuple[int, str]]:
    """Return by what names are ordered as people do, numbers by their value: ``resnet18`` before ``resnet101``."""
    # of two numbers the one with fewer digits is smaller, and so no number is too long to be read
    parts = [part.lstrip("0") if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def joined_by_and(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: ``N, M and K``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shorten(text: str, limit: int = 40) -> str:
    """Return ``text`` for use in a message: printable, no longer than ``limit`` and without line ends."""
    text = " ".join(text[: 4 * limit].split()) + ("…" if len(text) > 4 * limit else "")
    return printable(text if len(text) <= limit else text[: limit - 1] + "…")


def one_spelling(name: str) -> str:
    """Return a name in the spelling in which Python has it: an accent may be typed with its letter or behind it."""
    if name.isascii():
        return name.lower()
    import unicodedata  # only names of other than English letters need it

    return unicodedata.normalize("NFKC", name).lower()


def type_text(value: object) -> str:
    """Return what a value is, for a message: ``a str``, ``an int``, ``None``."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


LONGEST_PATH = 120


def shorten_path(path: str) -> str:
    """Return a path for use in a message: printable, and of a long one the end, which says which file it is."""
    whole = printable(" ".join(path[-4 * LONGEST_PATH :].split()))
    return whole if len(whole) <= LONGEST_PATH else "…" + whole[1 - LONGEST_PATH :]

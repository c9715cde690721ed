"""Lines that say what a run came to."""

from __future__ import annotations

from collections.abc import Sequence

_WORD = 14


def paired(pairs: Sequence[tuple[str, str]]) -> str:
    """Write pairs of a word and a sentence as lines."""
    width = max(_WORD, *(len(word) for word, _ in pairs))
    return "\n".join(f"{word:<{width}}  {sentence}" for word, sentence in pairs)


def described(pairs: Sequence[tuple[str, str]]) -> str:
    """Write pairs of something to type or to open and what it is, as indented lines."""
    width = max((len(what) for what, _ in pairs), default=0)
    return "\n".join(f"  {what:<{width}}   {meaning}" for what, meaning in pairs)


def percent(share: float | None) -> str:
    """Write a share in percent with two digits behind the point; nothing for what is not known."""
    return "" if share is None else f"{100 * share:.2f}%"

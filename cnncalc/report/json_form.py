"""Data as JSON text, in pieces: a list that is still being made is written item by item.

Python's own encoder makes one text of everything, and is slow where the text is indented. The text is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnncalc.cleaning import json_text


def json_pieces(data: dict[str, Any], indent: int | None = 2) -> Iterator[str]:
    """Yield an object as JSON text. A value that is an iterator becomes a list.

    Args:
        data: the object; what it holds is what `json.dumps` takes.
        indent: spaces by which nested values are indented; None for a single line.

    """
    write, pad, inner, comma = _layout(indent)
    end = "" if indent is None else "\n"
    between = "{" + pad
    for key, value in data.items():
        yield between + json_text(write(key, "")) + ": "
        if isinstance(value, Iterator):
            yield from _listed(value, write, pad, inner, comma)
        else:
            yield json_text(write(value, pad))
        between = comma + pad
    yield end + "}" if data else "{}"


def to_text(data: dict[str, Any], indent: int | None = 2) -> str:
    """Return an object as JSON text."""
    return "".join(json_pieces(data, indent))


Write = Callable[[Any, str], str]


def _layout(indent: int | None) -> tuple[Write, str, str, str]:
    """Return how a value is written, what stands before one of two depths, and what stands between two."""
    import json

    if indent is None:
        return (lambda value, pad: json.dumps(value, ensure_ascii=False)), "", "", ", "
    step = " " * indent
    return _Indented(step), "\n" + step, "\n" + 2 * step, ","


def _listed(items: Iterator[Any], write: Write, pad: str, inner: str, comma: str) -> Iterator[str]:
    between = "[" + inner
    for item in items:
        yield json_text(between + write(item, inner))
        between = comma + inner
    yield "[]" if between[0] == "[" else pad + "]"


class _Indented:
    """Writes a value over several lines, as `json.dumps` does with an indent."""

    def __init__(self, step: str) -> None:
        from json import dumps
        from json.encoder import encode_basestring

        self._step = step
        self._quote = encode_basestring
        self._dumps = dumps

    def __call__(self, value: Any, pad: str) -> str:
        """Return the text of a value whose lines begin with ``pad``."""
        kind = type(value)
        if kind is str:
            return str(self._quote(value))
        if kind is int:
            return str(value)
        inner = pad + self._step
        if isinstance(value, dict) and value:
            pairs = [f"{inner}{self._quote(key)}: {self(one, inner)}" for key, one in value.items()]
            return f"{{{','.join(pairs)}{pad}}}"
        if isinstance(value, (list, tuple)) and value:
            return f"[{','.join([inner + self(one, inner) for one in value])}{pad}]"
        return str(self._dumps(value, ensure_ascii=False))

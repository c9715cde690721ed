"""Data as JSON text, in pieces: a list that is still being made is written item by item.

Python's own encoder makes one text of everything, and is slow where the text is indented. The text is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.core.cleaning import json_text


class Gap:
    """Stands in a `Form`, at any depth, for a text, a number or None that each object has of its own."""


GAP = Gap()
_MARK = "\0"
"""What a gap is at first in the text of a form; JSON escapes it in all else."""


class Form:
    """An object most of which many others share: its text is made once, and its gaps are filled for each.

    It is known by who it is, not by what it holds.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data


class Filled(NamedTuple):
    """A form with the values of its gaps, in their order."""

    form: Form
    values: Sequence[Any]


def json_pieces(data: dict[str, Any], indent: int | None = 2) -> Iterator[str]:
    """Yield an object as JSON text. A value that is an iterator becomes a list. `Filled` may stand for an object.

    Args:
        data: the object; what it holds is what `json.dumps` takes.
        indent: spaces by which nested values are indented; None for a single line.

    """
    write = _Writer(indent)
    pad = write.start
    end = "" if indent is None else "\n"
    between = "{" + pad
    for key, value in data.items():
        yield between + json_text(write(key, "")) + ": "
        if isinstance(value, Iterator):
            yield from _listed(value, write, pad)
        else:
            yield json_text(write(value, pad))
        between = write.comma + pad
    yield end + "}" if data else "{}"


def to_text(data: dict[str, Any], indent: int | None = 2) -> str:
    """Return an object as JSON text."""
    return "".join(json_pieces(data, indent))


def _listed(items: Iterator[Any], write: _Writer, pad: str) -> Iterator[str]:
    inner = pad + write.step
    between = "[" + inner
    for item in items:
        yield json_text(between + write(item, inner))
        between = write.comma + inner
    yield "[]" if between[0] == "[" else pad + "]"


class _Writer:
    """Writes a value as `json.dumps` does, with an indent or on one line."""

    def __init__(self, indent: int | None) -> None:
        from json import dumps
        from json.encoder import encode_basestring

        self.start, self.step, self.comma = (
            ("", "", ", ") if indent is None else ("\n" + " " * indent, " " * indent, ",")
        )
        self._quote = encode_basestring
        self._dumps = dumps
        self._forms: dict[tuple[Form, str], str] = {}

    def __call__(self, value: Any, pad: str) -> str:
        """Return the text of a value whose lines begin with ``pad``."""
        kind = type(value)
        if kind is str:
            return str(self._quote(value))
        if kind is int:
            return str(value)
        if kind is Filled:
            return self._filled(value, pad)
        if kind is Gap:
            return _MARK
        inner = pad + self.step
        if isinstance(value, dict) and value:
            pairs = [f"{inner}{self._quote(key)}: {self(one, inner)}" for key, one in value.items()]
            return f"{{{self.comma.join(pairs)}{pad}}}"
        if isinstance(value, (list, tuple)) and value:
            return f"[{self.comma.join([inner + self(one, inner) for one in value])}{pad}]"
        return str(self._dumps(value, ensure_ascii=False))

    def _filled(self, filled: Filled, pad: str) -> str:
        form, values = filled
        text = self._forms.get((form, pad))
        if text is None:
            text = self._forms[form, pad] = self(form.data, pad).replace("%", "%%").replace(_MARK, "%s")
        return text % tuple([value if type(value) is int else self(value, pad) for value in values])

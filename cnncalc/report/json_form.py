"""Data as JSON text, in pieces: a list that is still being made is written item by item.

Python's own encoder makes one text of everything, and is slow where the text is indented. The text is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.cleaning import json_text


class Gap:
    """Stands in a `Form` for a value that each object has of its own."""


GAP = Gap()


class Form:
    """An object most of whose members many others share: its text is made once, and its gaps are filled for each.

    It is known by who it is, not by what it holds.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data


class Filled(NamedTuple):
    """A form with the values of its gaps, in their order."""

    form: Form
    values: Sequence[Any]


def json_pieces(data: dict[str, Any], indent: int | None = 2) -> Iterator[str]:
    """Yield an object as JSON text. A value that is an iterator becomes a list, whose items may be `Filled`.

    Args:
        data: the object; what it holds is what `json.dumps` takes.
        indent: spaces by which nested values are indented; None for a single line.

    """
    write, pad, step, comma = _layout(indent)
    inner = pad + step
    end = "" if indent is None else "\n"
    between = "{" + pad
    for key, value in data.items():
        yield between + json_text(write(key, "")) + ": "
        if isinstance(value, Iterator):
            yield from _listed(_written(value, write, inner, step), pad, inner, comma)
        else:
            yield json_text(write(value, pad))
        between = comma + pad
    yield end + "}" if data else "{}"


def to_text(data: dict[str, Any], indent: int | None = 2) -> str:
    """Return an object as JSON text."""
    return "".join(json_pieces(data, indent))


Write = Callable[[Any, str], str]


def _layout(indent: int | None) -> tuple[Write, str, str, str]:
    """Return how a value is written, what stands in front of it, what one more depth adds, and what separates two."""
    import json

    if indent is None:
        return (lambda value, pad: json.dumps(value, ensure_ascii=False)), "", "", ", "
    step = " " * indent
    return _Indented(step), "\n" + step, step, ","


def _listed(texts: Iterator[str], pad: str, inner: str, comma: str) -> Iterator[str]:
    between = "[" + inner
    for text in texts:
        yield json_text(between + text)
        between = comma + inner
    yield "[]" if between[0] == "[" else pad + "]"


def _written(items: Iterator[Any], write: Write, pad: str, step: str) -> Iterator[str]:
    """Yield the text of each item; that of a form is made once."""
    known: dict[Form, str] = {}
    inner = pad + step
    for item in items:
        if type(item) is not Filled:
            yield write(item, pad)
            continue
        form, values = item
        if form not in known:
            known[form] = _with_gaps(form.data, write, pad, inner)
        yield known[form] % tuple([write(value, inner) for value in values])


def _with_gaps(data: dict[str, Any], write: Write, pad: str, inner: str) -> str:
    """Return the text of an object with ``%s`` for each gap."""
    between = "," + (inner or " ")
    members = []
    for key, value in data.items():
        text = "%s" if value is GAP else write(value, inner).replace("%", "%%")
        members.append(f"{write(key, inner).replace('%', '%%')}: {text}")
    return f"{{{inner}{between.join(members)}{pad}}}"


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

"""From words and expressions to values, given what the names stand for."""

from __future__ import annotations

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS, MAX_NUMBER
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import MAX_DIMENSIONS, Volume
from cnncalc.core.words import shorten
from cnncalc.spec import tree
from cnncalc.spec.expressions import Expression, ExpressionFault, Names, Value


def evaluate(source: Source, expression: Expression, names: Names) -> int:
    """Return the value of an expression, which must be a whole number, or raise `SpecError`."""
    try:
        value = expression.evaluate(names)
        return value if type(value) is int else _whole(value, expression.span)
    except ExpressionFault as fault:
        raise SpecError(fault.code, fault.message, span=fault.span, source=source, hints=fault.hints) from None


def _whole(value: Value, span: Span) -> int:
    """Return a value as a whole number, or raise `ExpressionFault`."""
    if value.denominator == 1:
        return int(value)
    message = f"the result is {value}, not a whole number"
    raise ExpressionFault("not-whole", message, span, ["use ceil(…) or round(…)"])


def written(source: Source, word: tree.Word, names: Names) -> str:
    """Return a word with the values of its expressions in their places."""
    parts, _, constant = word
    if constant is not None:
        return constant
    text = ""
    for part in parts:
        text += part if isinstance(part, str) else str(evaluate(source, part, names))
    return text


def read_volume(source: Source, word: tree.Word, names: Names) -> Volume:
    """Read a volume such as ``224x224x3``."""
    text = written(source, word, names)
    sizes = text.split("x", MAX_DIMENSIONS + 1)
    if len(sizes) > MAX_DIMENSIONS + 1:
        message = f"a volume has at most {MAX_DIMENSIONS} spatial dimensions"
        raise SpecError("bad-volume", message, span=word.span, source=source)
    if not all(size.isascii() and size.isdigit() for size in sizes):
        raise SpecError(
            "bad-volume",
            f"`{shorten(text)}` is not a volume",
            span=word.span,
            source=source,
            hints=["write height x width x channels, such as 224x224x3"],
        )
    if any(len(size) > MAX_DIGITS or not 1 <= int(size) <= MAX_NUMBER for size in sizes):
        message = f"the sizes of a volume lie between 1 and {MAX_NUMBER:,}"
        raise SpecError("out-of-range", message, span=word.span, source=source)
    return Volume(map(int, sizes))

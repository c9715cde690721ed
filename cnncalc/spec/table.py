"""The lecture's own table, pasted as it is printed.

    CONV3-64: [224x224x64] memory: 224*224*64=3.2M params: (3*3*3)*64 = 1,728

The layer is the one before the colon, the volume in brackets is a claim, and so are the numbers after
``memory:`` and ``params:``. A fully connected row (``FC: [1x1x4096]``) takes its size from its volume.

Numbers may be typeset: in TeX's dollars, with its commands, or with thin spaces and the signs of Unicode.
"""

from __future__ import annotations

import re
from itertools import islice

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS
from cnncalc.core.source import Source, Span
from cnncalc.spec import tree

_ROW = re.compile(
    r"([a-z_][a-z0-9_]*(?:-[0-9]+)?)[^\S\n]*:[^\S\n]*"
    r"\[[^\S\n]*([0-9]+(?:[^\S\n]*x[^\S\n]*[0-9]+){0,20})[^\S\n]*\]([^\n]*)"
)
_NAMED = r"(memory|param(?:eter)?s|weights)[^\S\n]*(?:\([^()\n]{0,80}\)[^\S\n]*)?"
_TOTAL = re.compile(rf"total[^\S\n]+(?:number[^\S\n]+of[^\S\n]+)?{_NAMED}:")
_QUANTITY = re.compile(rf"{_NAMED}:")
_RESULT = re.compile(
    r"(?:about|approx(?:imately)?|circa|ca|[\s~.])*"
    r"([0-9]{1,3}(?: [0-9]{3})+(?![0-9])|[0-9](?:[0-9,\u2009]*[0-9])?)(\.[0-9]+)?"
    r"\s*(thousand|million|billion|[kmgb]?)(?!\w|\.[0-9])"
)
_PRODUCT = re.compile(r"[\s0-9*()]*")
_APART = "\u2009"
_TYPESET = re.compile(
    r"\$|\{,\}(?P<comma>)|[{}\u2009\u202f\u00a0]"
    r"|\\(?:mathrm|text|textrm|operatorname|left|right|rm|[,;:! ()])"
    r"|(?P<times>\\times|\\cdot|[·⋅∙])"
    r"|(?P<nearly>\\approx|\\simeq|\\sim|[≈≃≅∼])"
)
"""TeX's marks around numbers, and the signs of Unicode that stand for plain ones."""
_MOST_NUMBERS = 8
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}
_SCALES |= {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def starts_total(text: str, position: int) -> bool:
    """Say whether a row of totals begins here."""
    return _TOTAL.match(text, position) is not None


def read_row(source: Source, text: str, position: int) -> tree.StepSyntax | tree.Input | None:
    """Read one row of the table, or return None where there is none.

    ``text`` is the normalised text of ``source``.
    """
    match = _ROW.match(text, position)
    if match is None:
        return None
    comment = text.find("#", match.start(3), match.end(3))
    end = match.end(3) if comment < 0 else comment
    stated = stated_numbers(source, text, Span(match.start(3), end))
    claim = _word("".join(match[2].split()), Span.of(match, 2))
    span = Span(match.start(), match.end(3))
    head = Span.of(match, 1)
    if match[1] == "input":
        return tree.Input(claim, span, stated)
    sized_by_row = match[1] == "fc"
    texts = (match[1], match[2].split("x")[-1].strip()) if sized_by_row else (match[1],)
    return tree.StepSyntax(tree.LayerSyntax(head, texts), span, claim=claim, stated=stated)


def stated_numbers(source: Source, text: str, row: Span) -> tuple[tree.Stated, ...]:
    """Return the numbers that a row states for its memory (in values) and its parameters."""
    starts = list(islice(_QUANTITY.finditer(text, row.start, row.end), _MOST_NUMBERS + 1))
    if len(starts) > _MOST_NUMBERS:
        span = Span.of(starts[-1])
        raise SpecError("too-long", f"a row states at most {_MOST_NUMBERS} numbers", span=span, source=source)
    ends = [match.start() for match in starts[1:]] + [row.end]  # one too many where nothing is stated
    found = (
        _stated("memory" if match[1] == "memory" else "params", source, text, Span(match.end(), end))
        for match, end in zip(starts, ends, strict=False)
    )
    return tuple(number for number in found if number is not None)


def _stated(quantity: str, source: Source, text: str, cell: Span) -> tree.Stated | None:
    """Read ``(3*3*3)*64 = 1,728``: the result, or the number alone; a sum without one is passed over."""
    typed = _typed(text[cell.start : cell.end])
    if "*" in typed and _PRODUCT.fullmatch(typed):
        return None
    match = _RESULT.match(typed, typed.rfind("=") + 1)
    if "~=" in typed or match is None:  # "24M * 4 bytes ~= 96MB": the values stand in front
        match = _RESULT.match(typed)
    if match is None:
        return None
    digits = re.sub("[^0-9]", "", match[1])
    last = next(group for group in (3, 2, 1) if match[group])
    span = Span(cell.start + match.start(1), cell.start + match.end(last))
    if len(digits) > MAX_DIGITS:
        raise SpecError("out-of-range", "this number is too long", span=span, source=source)
    decimals = (match[2] or ".")[1:]
    scale = _SCALES[match[3]]
    if len(decimals) > MAX_DIGITS or scale % _ten_to(len(decimals)):
        raise SpecError("bad-number", "this number has too many decimals", span=span, source=source)
    value = int(digits + decimals) * scale // _ten_to(len(decimals))
    return tree.Stated(quantity, value, _last_digit(digits, decimals, scale), span)


def _typed(cell: str) -> str:
    """Return a cell as it would be typed on a keyboard, every character in its place."""

    def plain(found: re.Match[str]) -> str:
        sign = "*" if found["times"] else "~" if found["nearly"] else "," if found["comma"] is not None else _APART
        return sign.ljust(len(found[0]), _APART)

    return _TYPESET.sub(plain, cell)


def _last_digit(digits: str, decimals: str, scale: int) -> int:
    """Return the size of the last digit that counts: in ``800K`` the zeros only fill up."""
    if decimals:
        return scale // _ten_to(len(decimals))
    if scale == 1:
        return 1
    zeros = len(digits) - len(digits.rstrip("0"))
    return scale * _ten_to(zeros)


def _word(text: str, span: Span) -> tree.Word:
    return tree.Word((text,), span, text)


def _ten_to(exponent: int) -> int:
    return int(10**exponent)

"""Layers in the words of lectures and papers, and how they are written here.

``5x5, 10 filters, stride 1, pad 2`` is ``conv 5x5x10 s1 p2``, and ``max pool 2x2`` is ``maxpool 2x2``. A phrase
is translated only where every word of it is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cnncalc.spec.scanner import normalise

_NUMBER = r"[0-9]{1,15}"
_SIZES = rf"{_NUMBER}(?: ?[x*] ?{_NUMBER}){{0,8}}"
_THINGS = r"(?:filters?|kernels?|channels?|outputs?|units?|neurons?|features?|feature maps?)"
_WORDS = (
    ("filters", re.compile(rf"(?:with )?({_NUMBER}) {_THINGS}\b|(?:filters?|units?|channels?) ?[=:]? ?({_NUMBER})\b")),
    ("lecture", re.compile(rf"({_NUMBER}) ({_SIZES}) {_THINGS}\b")),
    ("stride", re.compile(rf"strides?(?: of)? ?[=:]? ?({_SIZES})|s ?= ?({_SIZES})|s({_SIZES})\b")),
    ("pad", re.compile(rf"(?:zero[ -]?)?pad(?:ding)?(?: of)? ?[=:]? ?({_SIZES})|p ?= ?({_SIZES})|p({_SIZES})\b")),
    ("mode", re.compile(r"(same|valid) pad(?:ding)?\b")),
    ("mode", re.compile(r"(?:pad(?:ding)? ?[=:]? ?)?(same|valid)\b")),
    ("nothing", re.compile(r"(no) pad(?:ding)?\b")),
    ("size", re.compile(rf"(?:(?:kernel|window|filter)(?:[ _]size)?(?: of)? ?[=:]? ?)?({_SIZES})(?![\w:])")),
    ("filler", re.compile(r"(with|and|of|size|a|an|the|layer|by|[,.])(?![\w])")),
)
_LONGEST = 200
_SEPARATOR = re.compile(r"[;#()\[\]|]|->|→|\s-+\s|=>|\s\*\s*[0-9{]|^\s*-|\w+\s*:\s")
_SEPARATOR_OR_COMMA = re.compile(_SEPARATOR.pattern + "|,")


def translated(phrase: str, layers: Mapping[str, str]) -> str | None:
    """Return how a phrase is written here, or None where a word of it is not understood.

    ``layers`` has patterns for what layers are called elsewhere, each with the layer's word here.
    """
    if len(phrase) > _LONGEST:
        return None
    rest, layer = " ".join(normalise(phrase).split()), ""
    found: dict[str, str] = {}
    while rest:
        rest, word, value = _next(rest, layers)
        if word == "size" and word in found and value.isdecimal():  # conv 3x3 64
            word = "filters"
        if not word or word in found or (word == "layer" and layer):
            return None
        if word == "layer":
            layer = value
        elif word != "filler":
            found[word] = value
    return _written(layer, found)


def phrases_around(text: str, place: int) -> Iterator[tuple[int, int]]:
    """Return where the phrase at a place may begin and end: between commas, or across them."""
    line = text.rfind("\n", 0, place) + 1
    stop = text.find("\n", place)
    stop = len(text) if stop < 0 else stop
    if stop - line > 10 * _LONGEST:
        return
    for separator in (_SEPARATOR, _SEPARATOR_OR_COMMA):
        marks = list(separator.finditer(text, line, stop))
        start = max([mark.end() for mark in marks if mark.end() <= place], default=line)
        end = min([mark.start() for mark in marks if mark.start() >= place], default=stop)
        start += len(text[start:end]) - len(text[start:end].lstrip())
        yield start, start + len(text[start:end].rstrip())


def _next(text: str, layers: Mapping[str, str]) -> tuple[str, str, str]:
    """Return what is behind the first words of a text, what these are about, and their value."""
    for names, layer in layers.items():
        if match := re.match(rf"(?:{names})(?: layer)?(?![\w])", text):
            return text[match.end() :].lstrip(), "layer", layer
    for word, pattern in (_WORDS[1], _WORDS[0], *_WORDS[2:]):
        if match := pattern.match(text):
            value = " ".join(group for group in match.groups() if group)
            return text[match.end() :].lstrip(), word, value
    return text, "", ""


def _written(layer: str, found: dict[str, str]) -> str | None:
    """Put a layer together from what was found."""
    filters, size = found.get("filters", ""), re.sub(r" ?[x*] ?", "x", found.get("size", ""))
    if "lecture" in found:
        if filters or size:
            return None
        filters, size = found["lecture"].split(" ", 1)
    if filters:
        layer = layer or "conv"
    if not layer or (filters and size.count("x") > 2):
        return None
    options = [found["mode"]] if "mode" in found else []
    options += [f"{sign}{re.sub(' ?[x*] ?', 'x', found[word])}" for word, sign in _SIGNS if word in found]
    if layer in ("maxpool", "avgpool") and not size:
        size = "2x2"
    return " ".join(filter(None, [layer, _with_filters(layer, size, filters), *options]))


_SIGNS = (("stride", "s"), ("pad", "p"))


def _with_filters(layer: str, size: str, filters: str) -> str:
    """Join the sides of a kernel and the number of filters: 5x5 (or 5, or 5x5x3 of a lecture) and 10."""
    if layer == "fc" or not filters:
        return size or filters
    sides = size.split("x") if size else []
    sides = sides * 2 if len(sides) == 1 else sides[:2]
    return "x".join([*sides, filters])

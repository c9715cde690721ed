"""All that is wrong with a spec, and not only the first of it: what a check in an editor or in CI shows.

Behind the first fault a network has no volumes any more that could be relied on. So the step at fault is taken out, the
rest is read again, and of what is then found only those faults are shown that no volume could have caused: unknown
words, options, names and numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc import zoo
from cnncalc.core.errors import CnncalcError, Note, SpecError
from cnncalc.core.source import Source, Span
from cnncalc.loading import load_with
from cnncalc.network import Network, SpecSettings, expand
from cnncalc.spec import parse, tree

MOST_FAULTS = 20
"""Faults of one file that are looked for."""

_IN_THE_WORDS = frozenset(
    (
        *("unknown-layer", "unknown-block", "unknown-option", "unknown-name", "bad-name", "bad-call", "bad-option"),
        *("bad-number", "bad-rounding", "bad-volume", "bad-expression", "out-of-range", "bad-merge", "syntax"),
    )
)
"""Codes of faults that lie in what is written, whatever volume arrives."""

_OF_WHAT_IS_DEFINED = frozenset(("unknown-name", "unknown-block"))
"""Those that a line which could not be read may have caused."""

_ANY_LAYER = "relu"


class CheckedSpec(NamedTuple):
    """What was found in one file.

    Attributes:
        name: the file's path.
        faults: all faults, in the order of the text; () where there are none.
        notes: what is worth telling of a spec without faults.
        network: the network, or None where there are faults.

    """

    name: str
    faults: tuple[CnncalcError, ...]
    notes: tuple[Note, ...]
    network: Network | None


def check_spec(path: str | os.PathLike[str], settings: SpecSettings) -> CheckedSpec:
    """Load a spec, and find what is wrong with it."""
    name = os.fspath(path)
    try:
        network = load_with(path, settings)
    except SpecError as error:
        faults = [error, *further_faults(error, settings)]
        placed = sorted(faults, key=lambda fault: (fault.span is None, fault.span or Span(0, 0)))
        return CheckedSpec(name, tuple(placed), (), None)
    return CheckedSpec(name, (), network.notes, network)


def further_faults(first: SpecError, settings: SpecSettings) -> Iterator[SpecError]:
    """Yield the faults behind the first one that do not follow from others."""
    source, error = first.source, first
    if source is None or error.span is None:
        return
    text = source.text
    places = {error.span}
    shown = set(_IN_THE_WORDS)
    for _ in range(MOST_FAULTS - 1):
        assert error.span is not None
        changed = _taken_out(source.name, text, error.span)
        if changed is None or changed == text:
            return
        text = changed
        if error.code == "syntax":
            shown -= _OF_WHAT_IS_DEFINED
        try:
            expand(parse(Source(source.name, text), zoo.blocks), settings)
            return
        except SpecError as found:
            error = found
        if error.source is None or error.span is None or error.source.text != text:
            return  # a block file, an option of the command line, or nothing in the text
        error.source = source
        if error.code in shown and error.span not in places:
            places.add(error.span)
            yield error


def _taken_out(name: str, text: str, span: Span) -> str | None:
    """Return the text with another layer in the place of the step at fault, or None where that cannot be done."""
    try:
        spec = parse(Source(name, text), zoo.blocks)
    except SpecError:
        return _without_line(text, span)
    bodies = [statement for statement in spec.statements if type(statement) is tree.StepSyntax]
    bodies += [step for block in spec.blocks.values() if block.source.text == text for step in block.body]
    step = _innermost(bodies, span)
    if step is None:
        return None
    start, end = step.item.span if step.item.span.start <= span.start < step.item.span.end else step.span
    return text[:start] + _ANY_LAYER[: end - start].ljust(end - start) + text[end:] if end - start >= 4 else None


def _innermost(steps: tree.Sequence | list[tree.StepSyntax], span: Span) -> tree.StepSyntax | None:
    """Return the smallest step in which a place lies."""
    for step in steps:
        if step.span.start <= span.start < step.span.end:
            inner: tuple[tree.Sequence, ...] = getattr(step.item, "branches", ())
            inner = inner or ((step.item.body,) if isinstance(step.item, tree.Group) else ())
            found = (_innermost(body, span) for body in inner)
            return next((one for one in found if one is not None), step)
    return None


def _without_line(text: str, span: Span) -> str | None:
    """Return a text without one line, if that line holds neither brackets nor the beginning or end of a block."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    end = len(text) if end < 0 else end
    line = text[start:end].lower()
    if set(line) & set("()[]{}|") or line.split()[:1] in (["block"], ["end"], []):
        return None
    return text[:start] + " " * (end - start) + text[end:]

"""A design as a spec of its own: the text of its spec with other values, another input and other blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnncalc.core.source import Span
from cnncalc.design.counter import Design
from cnncalc.network import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.names import steps_of

Edit = tuple[Span, str]
"""A stretch of the text, and what takes its place."""


def written_design(spec: tree.Spec, design: Design, settings: SpecSettings) -> str:
    """Return the text of a design.

    Args:
        spec: the syntax tree of the spec that it is a design of.
        design: the design.
        settings: with which it is loaded (`DesignCounter.settings_of`).

    """
    text = spec.source.text
    edits = [*_values(spec, settings), *_calls(spec, dict(design.blocks))]
    for span, new in sorted(edits, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    given = settings.inputs.get("")
    if given is not None and not any(type(each) is tree.Input for each in spec.statements):
        text = f"input {given.text}\n{text}"
    if settings.rounding is not None:
        text = f"rounding {settings.rounding}\n{text}"
    return text if text.endswith("\n") else text + "\n"


def _values(spec: tree.Spec, settings: SpecSettings) -> Iterator[Edit]:
    """Yield the edits that give parameters and the input their values."""
    for statement in spec.statements:
        if type(statement) is tree.ParameterSyntax and statement.value and statement.name in settings.parameters:
            yield statement.value.span, settings.parameters[statement.name].text
        if type(statement) is tree.Input and (given := settings.inputs.get(statement.name, settings.inputs.get(""))):
            yield statement.volume.span, given.text
        if type(statement) is tree.Rounding and settings.rounding is not None:
            yield statement.span, ""


def _calls(spec: tree.Spec, chosen: Mapping[str, str]) -> Iterator[Edit]:
    """Yield the edits that call other blocks; blocks that `use` brings in lie in other texts."""
    own = [block for block in spec.blocks.values() if block.source is spec.source]
    for step in steps_of(spec, own):
        name = _called(step, spec)
        if name in chosen and chosen[name] != name:
            start = step.item.span.start
            yield Span(start, start + len(name)), chosen[name]


def _called(step: tree.StepSyntax, spec: tree.Spec) -> str:
    """Return the name of the block that a step calls; "" for another step."""
    item = step.item
    if type(item) is tree.CallSyntax:
        return item.name
    if type(item) is tree.LayerSyntax and item.texts and item.texts[0] in spec.blocks:
        return item.texts[0]
    return ""

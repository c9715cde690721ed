"""A draft as the text of a spec, with the place in the foreign text that every line comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.core.errors import Note, SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten_path
from cnncalc.foreign.draft import INPUT, Draft, DraftStep, label_text
from cnncalc.network import Network, Node
from cnncalc.spec.steps import STATEMENTS

_CALLED_AT = re.compile(r":(\d+)$")
_KEYWORDS = frozenset(("input", "output", "rounding", "param", "block", "end", "use", "total"))


class Translation(NamedTuple):
    """A foreign text as a spec.

    Attributes:
        origin: the foreign text.
        what: what it is: ``a Darknet cfg``.
        spec: the text of the spec, under the name of the foreign text.
        places: the place in the foreign text for each line of the spec; None for a line that has none.
        steps: the step of the draft that each line writes, or None.
        draft: what was read.
    """

    origin: Source
    what: str
    spec: Source
    places: tuple[Span | None, ...]
    steps: tuple[DraftStep | None, ...]
    draft: Draft

    def note(self) -> Note:
        """Say what the text was read as."""
        file = shorten_path(self.origin.name) if self.origin.name not in ("text", "standard input") else "FILE"
        message = f"read as {self.what}; `cnncalc import {file}` writes the spec"
        end = self.origin.text.find("\n")
        return Note("read-as", message, Span(0, len(self.origin.text) if end < 0 else end), self.origin)

    def with_input(self, volume: str) -> Translation:
        """Return the translation with this input in the place of its own."""
        self.draft.input = volume
        return translate(self.draft)

    def without_total(self, error: SpecError) -> Translation | None:
        """Return the translation without its total, where that is what an error is about: a row may say more."""
        line = self.spec.line(error.span.start) if error.source == self.spec and error.span else 0
        if self.draft.total is None or line != len(self.places):
            return None
        total, self.draft.total = self.draft.total, None
        rows = translate(self.draft)
        self.draft.total = total
        return rows

    def placed(self, error: SpecError) -> SpecError:
        """Return an error of the spec as one of the foreign text."""
        if error.source is None or error.span is None or error.source.text != self.spec.text:
            return error
        if error.code == "no-input":
            first = self.draft.steps[0].span
            hints = [f"it takes {self.draft.like}"] if self.draft.like else []
            return SpecError(error.code, f"{self.what} without an input", span=first, source=self.origin, hints=hints)
        line = self.spec.line(error.span.start)
        called = _CALLED_AT.search(error.trail[0]) if error.trail else None
        line = min(int(called[1]), len(self.places)) if called else line
        span = self.places[line - 1] or Span(0, 1)
        hints = [f"it was read as `{self.spec.text.splitlines()[line - 1].split('  #')[0].strip()}`"]
        moved = SpecError(error.code, error.message, span=span, source=self.origin, detail=error.detail, hints=hints)
        moved.reached = error.reached
        return moved

    def prove(self, network: Network) -> None:
        """Make sure that what the foreign text states of its layers holds.

        Raises:
            SpecError: ``claim-failed``, at the place that states another number.
        """
        by_line: dict[int, list[Node]] = {}
        for node, line in zip(network.layers, network.lines(), strict=True):
            by_line.setdefault(line, []).append(node)
        for line, step in enumerate(self.steps, 1):
            if step is not None and (nodes := by_line.get(line)):
                self._prove_step(step, nodes)
        if self.draft.total is not None:
            total, span = self.draft.total
            if total != network.params:
                self._differs(
                    span, f"the text states {total:,} learned parameters, but its layers have {network.params:,}"
                )

    def _prove_step(self, step: DraftStep, nodes: list[Node]) -> None:
        source = nodes[0].sources[0]
        if step.channels is not None and step.channels != source.channels:
            self._differs(step.span, f"this takes {step.channels:,} channels, but {source} arrives")
        if step.values is not None and step.values != source.values:
            self._differs(
                step.span, f"this takes {step.values:,} values, but {source} arrives: {source.values:,} values"
            )
        if step.parameters is not None:
            counted = sum([node.params for node in nodes]) + step.keeps * source.channels
            if counted != step.parameters:
                message = f"the text states {step.parameters:,} parameters, but `{nodes[0].written}` has {counted:,}"
                self._differs(step.span, message)

    def _differs(self, span: Span, message: str) -> None:
        raise SpecError("claim-failed", message, span=span, source=self.origin)


def translate(draft: Draft) -> Translation:
    """Write a draft as a spec."""
    lines = list(_lines(draft))
    text = "".join([f"{line}\n" for line, _, _ in lines])
    places = tuple([span for _, span, _ in lines])
    spec = Source(draft.source.name, text)
    return Translation(draft.source, draft.what, spec, places, tuple([step for _, _, step in lines]), draft)


Line = tuple[str, Span | None, DraftStep | None]


def _lines(draft: Draft) -> Iterator[Line]:
    """Yield each line of the spec with its place in the foreign text and its step."""
    top = Span(0, max(1, draft.source.text.find("\n")))
    for remark in (f"read from {draft.what}", *draft.remarks):
        yield f"# {' '.join(remark.split())}", None, None
    if draft.input:
        yield f"input {draft.input}", top, None
    yield f"rounding {draft.rounding}", None, None
    for block in draft.blocks:
        yield "", None, None
        for line in block.splitlines():
            yield line, None, None
    yield "", None, None
    names = _names(draft)
    if INPUT in names:
        yield f"{names[INPUT]}: identity", top, None
    for number, step in enumerate(draft.steps, 1):
        if not step.merge and step.inputs[0] != number - 1:
            yield f"@{names[step.inputs[0]]}", step.span, None
        yield _step_line(step, number, names), step.span, step
    if draft.outputs:
        yield from _output_lines(draft, names)
    if draft.total is not None:
        yield f"TOTAL params: {draft.total[0]:,}", draft.total[1], None


def _output_lines(draft: Draft, names: dict[int, str]) -> Iterator[Line]:
    ends = [f"@{names[index]}" for index in draft.outputs]
    last = draft.steps[-1].span
    if len(ends) > 1:
        has_word = "output" in STATEMENTS
        yield f"{'output' if has_word else '# outputs:'} {' '.join(ends)}", last, None
    if (len(ends) == 1 or "output" not in STATEMENTS) and draft.outputs[-1] != draft.last:
        yield ends[-1], last, None


def _step_line(step: DraftStep, number: int, names: dict[int, str]) -> str:
    layers = list(step.layers)
    if step.merge:
        branches = ["" if index == number - 1 else f"@{names[index]}" for index in step.inputs]
        layers.insert(0, f"{step.merge}( {' | '.join(branches)} )".replace("(  |", "( |").replace("|  )", "| )"))
    written = " - ".join(layers)
    if number in names:
        written = f"{names[number]}: " + (f"({written})" if len(layers) > 1 else written)
    elif step.claim and len(layers) > 1:
        pass  # a claim behind several layers is about the last one
    claim = f"  => {step.claim}" if step.claim else ""
    remark = f"  # {' '.join(step.remark.split())}" if step.remark else ""
    return written + claim + remark


def _names(draft: Draft) -> dict[int, str]:
    """Return the labels: of the steps that are read again, and of those that the text itself names."""
    wanted = _read_again(draft)
    labels = _Labels()
    names: dict[int, str] = {}
    for index in range(len(draft.steps) + 1):
        step = draft.steps[index - 1] if index else None
        own = label_text(step.name) if step else "image"
        if index in wanted or (draft.names_all and step is not None and own):
            names[index] = labels.unused(own or f"layer{index}")
    return names


def _read_again(draft: Draft) -> set[int]:
    """Return the indices of what is read otherwise than by the next step."""
    again = set(draft.outputs) if len(draft.outputs) > 1 or draft.outputs[:1] != [draft.last] else set()
    for number, step in enumerate(draft.steps, 1):
        again |= {index for index in step.inputs if index != number - 1}
    return again


class _Labels:
    """Gives names that are not taken yet; of names alike, the second is ``conv_2``."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}

    def unused(self, name: str) -> str:
        if name in _KEYWORDS:
            name = f"{name}_"
        found = name
        while found in self.taken:
            self.counts[name] = self.counts.get(name, 1) + 1
            found = f"{name}_{self.counts[name]}"
        self.taken.add(found)
        return found

"""A draft as the text of a spec, with the place in the foreign text that every line comes from."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.core.errors import Note, SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten_path
from cnncalc.foreign.draft import Draft, DraftStep
from cnncalc.foreign.writing_specs import spec_lines
from cnncalc.network import Network, Node

_CALLED_AT = re.compile(r":(\d+)$")


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

    def without_total(self, error: SpecError) -> Translation | None:
        """Return the translation without its total, where that is what an error is about: a row may say more."""
        stated = self.spec.line_text(error.span.start) if error.source == self.spec and error.span else ""
        if self.draft.total is None or not stated.startswith("TOTAL "):
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
            return SpecError(
                error.code,
                f"this has no input volume; it is read as {self.what}",
                span=first,
                source=self.origin,
                hints=hints,
            )
        line = self.spec.line(error.span.start)
        called = _CALLED_AT.search(error.trail[0]) if error.trail else None
        line = min(int(called[1]), len(self.places)) if called else line
        span = self.places[line - 1] or Span(0, 1)
        written = self.spec.text.splitlines()[line - 1].split("  #")[0].strip()
        hints = [f"it was read as `{written}{' … )' if written.endswith('(') else ''}`"]
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
    lines = list(spec_lines(draft))
    text = "".join([f"{line}\n" for line, _, _ in lines])
    places = tuple([span for _, span, _ in lines])
    spec = Source(draft.source.name, text)
    return Translation(draft.source, draft.what, spec, places, tuple([step for _, _, step in lines]), draft)

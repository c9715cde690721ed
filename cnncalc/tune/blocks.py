"""The text of a spec in which some blocks are called in place of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnncalc import zoo
from cnncalc.core.source import Source, Span
from cnncalc.spec import parse, tree
from cnncalc.spec.names import steps_of


def with_calls(source: Source, chosen: Mapping[str, str]) -> str:
    """Return a text whose calls of some blocks are calls of others; the blocks themselves stay as they are.

    Args:
        source: a spec that can be read.
        chosen: names of blocks by the names of those in whose place they are called.

    """
    text, calls = source.text, sorted(_calls(parse(source, zoo.blocks), source))
    for span in reversed(calls):
        name = text[slice(*span)]
        text = text[: span.start] + chosen.get(name.lower(), name) + text[span.end :]
    return text


def _calls(spec: tree.Spec, source: Source) -> Iterator[Span]:
    """Yield where the names of blocks stand that a text calls itself; those in blocks of the zoo stand elsewhere."""
    own = [block for block in spec.blocks.values() if block.source.text == source.text]
    for step in steps_of(spec, own):
        item = step.item
        if type(item) is tree.CallSyntax:
            yield Span(item.span.start, item.span.start + len(item.name))
        elif type(item) is tree.LayerSyntax and item.texts and item.texts[0] in spec.blocks:
            yield Span(item.span.start, item.span.start + len(item.texts[0]))

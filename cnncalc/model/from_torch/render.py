"""How a text is laid out in lines, as a person would write it."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import class_of
from cnncalc.layers.adaptive import AdaptivePool
from cnncalc.layers.channels import Slice
from cnncalc.layers.transposed import TransposedConvolution
from cnncalc.model.from_torch.given import GivenInput
from cnncalc.model.from_torch.text_parts import (
    Folded,
    Phrase,
    Phrases,
    TextBlock,
    TextJump,
    TextMerge,
    TextRepeat,
    TextStep,
)
from cnncalc.model.from_torch.units import NORM

WIDTH = 100
"""Longest line that is written, where words allow it."""

SHORT = 72
"""Longest branch that stands on one line whatever it does."""

_INDENT = "  "


def laid_out(text: Folded, given: Sequence[GivenInput], heading: str, rounding: str, outputs: int = 0) -> str:
    """Write a spec: its heading, what goes in, its blocks, its layers; the last phrases are labels of outputs."""
    head = [f"# {line}" for line in heading.splitlines()]
    head += [" ".join(filter(None, ("input", each.name, str(each.volume)))) for each in given]
    head += [f"rounding {rounding}"] if rounding else []
    taken = text.main[len(text.main) - outputs :]
    tail = [f"output {' '.join([phrase.text for phrase in taken])}"] if outputs else []
    body = text._replace(main=text.main[: len(text.main) - outputs])
    return "\n".join([*head, "", *text_lines(body), *tail]) + "\n"


def text_lines(text: Folded) -> list[str]:
    """Return the lines of a text behind its head."""
    return [line for block in text.blocks for line in (*_block(block), "")] + _lines(text.main, "")


def _block(block: TextBlock) -> list[str]:
    names = [p.name if p.default is None else f"{p.name}={p.default}" for p in block.parameters]
    head = f"block {block.name}({', '.join(names)})" if names else f"block {block.name}"
    return [head, *_lines(block.body, _INDENT), "end"]


def _lines(phrases: Phrases, indent: str) -> list[str]:
    """Lay phrases out in lines, each with one beginning: ``ln - conv 3x3x64 p1 - relu``."""
    lines: list[str] = []
    begun = calls = False
    for phrase in phrases:
        pieces = _pieces(phrase, indent)
        joined = f"{lines[-1]} - {pieces[0].lstrip()}" if lines else ""
        begins, call = _begins(phrase), _is_call(phrase)
        # what a stream does to the sum that it begins with stands behind it
        closes = bool(lines) and lines[-1].lstrip().startswith(")")
        continues = phrase.label is not None and call and (closes or phrase.before == phrase.after)
        alone = isinstance(phrase, TextJump) or (begun and not continues and (begins or (call and not calls)))
        if lines and len(pieces) == 1 and len(joined) <= WIDTH and not alone:
            lines[-1] = joined
        else:
            begun = bool(lines) and isinstance(phrase, TextStep) and not alone  # there was no room for it
            lines.extend(pieces)
        begun, calls = (
            (begun or begins or call or _gates(phrase)) and not _joins(phrase),
            call or (calls and not begins),
        )
    return lines


def _is_call(phrase: Phrase) -> bool:
    """Say whether a phrase calls a block, perhaps several times or beside a skip."""
    if isinstance(phrase, TextStep):
        return phrase.call and not phrase.word.startswith(NORM)
    calls = [_is_call(part) for inside in phrase.inside() for part in inside]
    if isinstance(phrase, TextMerge):
        return bool(calls) and all(calls) and any(not branch for branch in phrase.branches)
    return any(calls)


def _begins(phrase: Phrase) -> bool:
    """Say whether a phrase begins a line: what looks for patterns, and what makes another volume."""
    if isinstance(phrase, TextStep) and not phrase.call:
        layer = class_of(phrase.word)
        begins = layer.role == "convolution" or issubclass(layer, TransposedConvolution | AdaptivePool | Slice)
        return begins and max(phrase.before.spatial) > 1
    if isinstance(phrase, TextMerge | TextRepeat) and not _is_call(phrase):
        return not _joins(phrase) and not _gates(phrase)
    return phrase.before != phrase.after


def _joins(phrase: Phrase) -> bool:
    """Say whether a merge takes up labels and does nothing else: it belongs to what goes on from there."""
    return isinstance(phrase, TextMerge) and all(
        isinstance(part, TextJump) for branch in phrase.branches for part in branch
    )


def _gates(phrase: Phrase) -> bool:
    """Say whether what arrives is multiplied, as in squeeze-and-excitation: that belongs to the layer in front."""
    return isinstance(phrase, TextMerge) and phrase.word == "mul" and not all(phrase.branches)


def _pieces(phrase: Phrase, indent: str) -> list[str]:
    """Write one phrase: on a line if it fits, and else what it holds on lines of its own."""
    if len(indent) + len(phrase.text) <= WIDTH or isinstance(phrase, TextStep):
        return [indent + phrase.text]
    label = f"{phrase.label}: " if phrase.label else ""
    if isinstance(phrase, TextRepeat):
        inner = _lines(phrase.body, indent + _INDENT)
        if phrase.bare:
            first, *rest = _pieces(phrase.body[0], indent)
            body = [f"{indent}{label}{first.lstrip()}", *rest]
            return [*body[:-1], f"{body[-1]}*{phrase.times}"]
        return [f"{indent}{label}(", *inner, f"{indent})*{phrase.times}"]
    if isinstance(phrase, TextMerge):
        return _split(phrase, indent, label)
    return [indent + phrase.text]


def _branch(phrases: Phrases, indent: str) -> list[str]:
    """Lay out a branch: a short one on a line of its own, however much it does, and calls as many as a line holds."""
    text = " - ".join([phrase.text for phrase in phrases])
    if 0 < len(text) <= SHORT:
        return [indent + text]
    if not phrases or not all(map(_is_call, phrases)) or max([len(phrase.text) for phrase in phrases]) > SHORT:
        return _lines(phrases, indent)
    lines = [indent + phrases[0].text]
    for phrase in phrases[1:]:
        joined = f"{lines[-1]} - {phrase.text}"
        lines[-1:] = [joined] if len(joined) <= WIDTH else [lines[-1], indent + phrase.text]
    return lines


def _split(phrase: TextMerge, indent: str, label: str) -> list[str]:
    lines = [f"{indent}{label}{phrase.word}("]
    for place, branch in enumerate(phrase.branches):
        inner = _branch(branch, indent + _INDENT)
        if place:  # the bar stands in the margin of the branch that it begins
            first = inner[0][len(indent) + len(_INDENT) :] if inner else ""
            inner = [f"{indent}| {first}".rstrip(), *inner[1:]]
        lines += inner
    return [*lines, f"{indent})"]

"""The text of a draft: a line for each step, branches in the brackets of their merges, labels for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.core.source import Span
from cnncalc.foreign.branches import PlacedStep, placed_steps
from cnncalc.foreign.draft import INPUT, Draft, DraftStep, label_text

_KEYWORDS = frozenset(("input", "output", "rounding", "param", "block", "end", "use", "total"))
_SHORT = 100
"""Longest line, in characters, on which a merge is written with its branches."""

Line = tuple[str, Span | None, DraftStep | None]
"""A line of a spec, its place in the foreign text, and the step that it writes."""


def spec_lines(draft: Draft) -> Iterator[Line]:
    """Yield each line of the spec."""
    top = Span(0, max(1, draft.source.text.find("\n")))
    for remark in (f"read from {draft.what}", *draft.remarks):
        yield f"# {' '.join(remark.split())}", None, None
    placed = placed_steps(draft)
    names = _names(draft, placed)
    several = [(names[index], step) for index, step in enumerate(draft.steps, 1) if step.enters]
    for name, step in several:
        yield f"input {name} {step.enters}", step.span, None
    if draft.entering and not several:
        yield f"input {draft.entering}", top, None
    yield f"rounding {draft.rounding}", None, None
    for block in draft.blocks:
        yield "", None, None
        for line in block.splitlines():
            yield line, None, None
    yield "", None, None
    if INPUT in names:
        yield f"{names[INPUT]}: identity", top, None
    yield from _steps(placed, names, "", INPUT)
    if draft.total is not None:
        yield f"TOTAL params: {draft.total[0]:,}", draft.total[1], None
    if draft.outputs:
        yield from _output_line(draft, names, placed[-1].index)


def _steps(placed: Sequence[PlacedStep], names: dict[int, str], margin: str, arrives: int) -> Iterator[Line]:
    """Yield the lines of steps that follow one another, the first of which takes what arrives."""
    for place, node in enumerate(placed):
        if node.step.enters:
            following = placed[place + 1] if place + 1 < len(placed) else None
            if following is None or node.index in following.inputs:
                yield f"{margin}@{names[node.index]}", node.step.span, None
                arrives = node.index
            continue
        if len(node.inputs) == 1 and node.inputs[0] != arrives and node.inputs[0] in names:
            yield f"{margin}@{names[node.inputs[0]]}", node.step.span, None
            arrives = node.inputs[0]
        if node.branches is None:
            written = _label(node, names, _alone(node, names, arrives))
            yield margin + written + _ending(node.step), node.step.span, node.step
        else:
            yield from _with_branches(node, names, margin)
        arrives = node.index


def _alone(node: PlacedStep, names: dict[int, str], arrives: int) -> list[str]:
    """Return the layers of a step; the branches of a merge are labels, or what arrives."""
    if not node.step.merge:
        return list(node.step.layers)
    branches = ["" if index == arrives else f"@{names[index]}" for index in node.step.inputs]
    return [_merge(node.step.merge, branches), *node.step.layers]


def _merge(word: str, branches: Sequence[str]) -> str:
    return f"{word}( {' | '.join(branches)} )".replace("(  |", "( |").replace("|  |", "| |").replace("|  )", "| )")


def _label(node: PlacedStep, names: dict[int, str], layers: Sequence[str]) -> str:
    written = " - ".join(layers)
    if node.index not in names:
        return written
    return f"{names[node.index]}: " + (f"({written})" if len(layers) > 1 else written)


def _ending(step: DraftStep) -> str:
    claim = f"  => {step.claim}" if step.claim else ""
    return claim + (f"  # {' '.join(step.remark.split())}" if step.remark else "")


def _with_branches(node: PlacedStep, names: dict[int, str], margin: str) -> Iterator[Line]:
    """Yield a merge with its branches: on one line where they are short and state nothing, else line by line."""
    step, branches = node.step, node.branches or ()
    flat = [[text for inner in branch if (text := _flat(inner, names)) is not None] for branch in branches]
    if all(len(texts) == len(branch) for texts, branch in zip(flat, branches, strict=True)):
        merge = _merge(step.merge, [" - ".join(texts) for texts in flat])
        line = margin + _label(node, names, [merge, *step.layers]) + _ending(step)
        if len(line) <= _SHORT:
            yield line, step.span, step
            return
    opened = f"{names[node.index]}: " if node.index in names else ""
    grouped = bool(opened and step.layers)
    yield f"{margin}{opened}{'(' if grouped else ''}{step.merge}(", step.span, step
    for number, branch in enumerate(branches):
        if number:
            yield f"{margin}|", step.span, None
        yield from _steps(branch, names, margin + "  ", node.inputs[0])
    closed = " - ".join([")", *step.layers]) + (")" if grouped else "")
    yield f"{margin}{closed}{_ending(step)}", step.span, None


def _flat(node: PlacedStep, names: dict[int, str]) -> str | None:
    """Return a step as part of a line; None where it is a merge or says something of itself."""
    step = node.step
    if step.enters:
        return f"@{names[node.index]}"
    states = (step.claim, step.remark, step.channels, step.values, step.parameters)
    if node.step.merge or any(each not in (None, "") for each in states):
        return None
    return _label(node, names, step.layers)


def _output_line(draft: Draft, names: dict[int, str], end: int) -> Iterator[Line]:
    """Yield what says where the network ends, if that is not where its text does."""
    ends = " ".join([f"@{names[index]}" for index in draft.outputs if index in names])
    if len(draft.outputs) > 1:
        yield f"output {ends}", draft.steps[-1].span, None
    elif draft.outputs != [end]:
        yield ends, draft.steps[-1].span, None


def _names(draft: Draft, placed: Sequence[PlacedStep]) -> dict[int, str]:
    """Return the labels: of the steps that are read again, and of those that the text itself names."""
    wanted = set(_read_again(placed, INPUT))
    if len(draft.outputs) > 1 or (draft.outputs and draft.outputs != [placed[-1].index]):
        wanted |= set(draft.outputs)
    if any(step.enters for step in draft.steps):
        wanted.discard(INPUT)  # nothing reads it
    labels = _Labels()
    names: dict[int, str] = {}
    for index in range(len(draft.steps) + 1):
        step = draft.steps[index - 1] if index else None
        own = label_text(step.name) if step else "image"
        if index in wanted or (step is not None and step.enters) or (draft.names_all and step is not None and own):
            names[index] = labels.unused(own or f"layer{index}")
    return names


def _read_again(placed: Sequence[PlacedStep], arrives: int) -> Iterator[int]:
    """Yield the indices of what is read otherwise than by the next step."""
    for node in placed:
        yield from (index for index in node.inputs if index != arrives)
        for branch in node.branches or ():
            yield from _read_again(branch, node.inputs[0])
        arrives = node.index


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

"""A known network for other images: its input, its classifier, and a stem that suits small images.

The text of the known network is kept; only the words that change are replaced. A network made for 224x224 divides
height and width by 32, of which a small image leaves nothing. So steps that make the volume smaller are given stride 1,
from the front, or left out where they are pools, until 4x4 is left at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.loading import load, read_source
from cnncalc.network import Network, refuse_several_inputs
from cnncalc.spec import parse, tree
from cnncalc.templates.stages import LEAST_SIDE, POOLS

_STRIDE = re.compile(r"s([2-9])|stride=([2-9])")
_WINDOW = re.compile(r"(?:[1-9][0-9]*x)+(?=[0-9{])")
_PADDING = re.compile(r"p[0-9].*|pad=.*|padding=.*|same|valid|floor|ceil")
_NUMBERED_STRIDE = re.compile(r"stride\s*=\s*[2-9]")
_SMALL_KERNEL = 3
_LAYER_GAP = re.compile(r"[^\S\n]+")


class Edit(NamedTuple):
    """A stretch of a text, what stands there instead, and what this does, for a comment."""

    span: Span
    text: str
    does: str


class Adapted(NamedTuple):
    """The text of an adapted network, and what was changed in it, in sentences' ends."""

    text: str
    changes: tuple[str, ...]


def like(name: str, volume: Volume, classes: int | None) -> Adapted:
    """Return a known network, adapted to an input volume and a number of classes.

    Args:
        name: a name of the zoo, or the path of a spec.
        volume: the input volume.
        classes: outputs of the classifier, or None to leave them as they are.

    Raises:
        SpecError: where the network has no classes that can be chosen, or cannot be made to fit the volume.
    """
    source = read_source(name)
    known = _known(source)
    if known:
        refuse_several_inputs(known, "one is adapted", "change the sizes of its inputs in the text, or with --input")
    spec = parse(source, zoo.blocks)
    fixed = [*_input(spec, volume), *_classes(spec, name, classes), *_claims(spec)]
    smaller = list(_downsampling(spec))
    # no more is wanted than the network leaves of its own input
    wanted = min(LEAST_SIDE, *volume.spatial, *([_last_side(known)] if known else []))
    best = _Tried(0, 0, "")
    fault: SpecError | None = None
    for count in range(len(smaller) + 1):
        for more in ([], _rounding(spec)):
            text = _edited(source.text, [*fixed, *more, *smaller[:count]])
            try:
                best = max(best, _Tried(_last_side(load(text)), count, text))
                break
            except SpecError as error:
                fault = fault or error
        if best.side >= wanted:
            break
    if not best.side:
        assert fault is not None  # nothing was loaded
        raise _does_not_fit(name, volume, fault)
    text, enlarging = _without_enlarging(best.text)
    changes = tuple(edit.does for edit in (*smaller[: best.changed], *enlarging))
    return Adapted(_with_comment(text, volume, changes), changes)


class _Tried(NamedTuple):
    """The height and width that a text leaves at the end, how many of its steps were changed, and the text."""

    side: int
    changed: int
    text: str


def _claims(spec: tree.Spec) -> list[Edit]:
    """Leave out claims, which hold for the network as it is known."""
    steps = [step for step in spec.statements if type(step) is tree.StepSyntax and step.claim and not step.stated]
    totals = [Span(total.span.start, total.span.end) for total in spec.totals]
    lines = {_line(spec.source.text, span) for span in totals}
    written = [Edit(Span(_end_of(step, spec.source.text), step.span.end), "", "") for step in steps]
    return [*written, *(Edit(line, "", "") for line in sorted(lines))]


def _end_of(step: tree.StepSyntax, text: str) -> int:
    """Return where a step ends without its claim."""
    assert step.claim is not None
    return len(text[: text.rindex("=>", step.item.span.end - 2, step.claim.span.start)].rstrip(" \t"))


def _rounding(spec: tree.Spec) -> list[Edit]:
    """Let windows that do not fit the other sizes round down, as PyTorch does, behind the input."""
    if any(type(statement) is tree.Rounding for statement in spec.statements):
        return []
    place = next((statement.span.end for statement in spec.statements if type(statement) is tree.Input), 0)
    return [Edit(Span(place, place), "\nrounding floor" if place else "rounding floor\n", "")]


def _without_enlarging(text: str) -> tuple[str, list[Edit]]:
    """Leave out pools to a fixed size that have less than that size."""
    network = load(text)
    larger = {
        node.span for node in network if node.layer.role == "pooling" and node.output.values > node.sources[0].values
    }
    edits = []
    for step in parse(Source("adapted", text), zoo.blocks).statements:
        if type(step) is tree.StepSyntax and step.item.span in larger:
            line = _line(text, step.span)
            alone = text[slice(*line)].strip() == text[slice(*step.span)]
            does = f"`{text[slice(*step.item.span)]}`, which is larger than its input, was left out"
            edits.append(Edit(line if alone else step.span, "" if alone else "identity", does))
    return _edited(text, edits), edits


def _line(text: str, span: Span) -> Span:
    """Return the whole line of a place, with its line end."""
    end = text.find("\n", span.end)
    return Span(text.rfind("\n", 0, span.start) + 1, len(text) if end < 0 else end + 1)


def _input(spec: tree.Spec, volume: Volume) -> list[Edit]:
    """Replace the input volume; a spec without one gets it in front."""
    found = [statement for statement in spec.statements if type(statement) is tree.Input]
    if not found:
        return [Edit(Span(0, 0), f"input {volume}\n", "")]
    return [Edit(found[0].volume.span, str(volume), "")]


def _classes(spec: tree.Spec, name: str, classes: int | None) -> list[Edit]:
    """Replace the value of the parameter ``classes``."""
    if classes is None:
        return []
    for statement in spec.statements:
        if type(statement) is tree.ParameterSyntax and statement.name == "classes" and statement.value is not None:
            return [Edit(statement.value.span, str(classes), "")]
    hints = ["leave --classes out, and write the number into the spec"]
    raise SpecError("unknown-name", f"`{shorten(name)}` has no parameter `classes`", hints=hints)


def _downsampling(spec: tree.Spec) -> Iterator[Edit]:
    """Yield what would make the volume less small, from the front, for every step that stands for itself."""
    previous: tree.StepSyntax | None = None
    for statement in spec.statements:
        if type(statement) is not tree.StepSyntax:
            continue
        if type(statement.item) is tree.LayerSyntax and not statement.repeats:
            yield from _of_layer(spec.source, statement, statement.item, previous)
        elif type(statement.item) is tree.CallSyntax and not statement.repeats:
            yield from _of_call(spec.source, statement.item)
        previous = statement


def _of_layer(
    source: Source, step: tree.StepSyntax, layer: tree.LayerSyntax, previous: tree.StepSyntax | None
) -> Iterator[Edit]:
    """A convolution gets stride 1, and a large kernel becomes 3x3; a pool goes."""
    written = source.text[slice(*layer.span)]
    words = _LAYER_GAP.split(written)
    strides = [word for word in words if _STRIDE.fullmatch(word)]
    if words[0] in POOLS and (strides or len(words) == 2) and step.label is None and previous is not None:
        end = step.item.span.end if step.claim is None else step.span.end
        yield Edit(Span(previous.span.end, end), "", f"`{written}` was left out")
    elif words[0] in ("conv", "dwconv") and strides:
        kept = [word for word in words if word not in strides]
        window = _WINDOW.match(words[1]) if len(words) > 1 else None
        if window and max(map(int, window[0].rstrip("x").split("x"))) > _SMALL_KERNEL:
            sides = window[0].count("x")
            kept = [word for word in kept if not _PADDING.fullmatch(word)]
            kept[1:2] = ["3x" * sides + words[1][window.end() :], "p1"]
        new = " ".join(kept)
        yield Edit(layer.span, new, f"`{written}` became `{new}`")


def _of_call(source: Source, call: tree.CallSyntax) -> Iterator[Edit]:
    """A stage that is called with a stride is called with stride 1."""
    for argument in call.arguments:
        written = source.text[slice(*argument.span)]
        if argument.name == "stride" and _NUMBERED_STRIDE.fullmatch(written):
            shown = source.text[slice(*call.span)]
            yield Edit(argument.span, "stride=1", f"`{shown}` got stride 1")


def _known(source: Source) -> Network | None:
    """Load the network as it is; None where it has no input of its own. A fault of its own is raised."""
    try:
        return load(source.text)
    except SpecError as error:
        if error.code != "no-input":
            raise
    return None


def _last_side(network: Network) -> int:
    """Return the smallest height or width of all that a convolution or a plain pool makes."""
    windowed = [node for node in network if node.layer.role == "convolution" or node.layer.kind in POOLS]
    spatial = [node.output.spatial for node in windowed if max(node.sources[0].spatial) > 1]
    return min((min(sides) for sides in spatial), default=min(network.input.spatial))


def _edited(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _with_comment(text: str, volume: Volume, changes: tuple[str, ...]) -> str:
    """Say below the heading what was changed."""
    lines = text.split("\n")
    heading = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    said = [f"# Adapted to {volume}{':' if changes else '.'}", *(f"# - {change}" for change in changes)]
    return "\n".join([*lines[:heading], *said, *lines[heading:]])


def _does_not_fit(name: str, volume: Volume, fault: SpecError) -> SpecError:
    where = f" (line {fault.line} of `{shorten(name)}`)" if fault.line else ""
    hints = [f"{fault.message}{where}", "take another input, or another network"]
    return SpecError("does-not-fit", f"`{shorten(name)}` cannot be made to fit {volume}", hints=hints)

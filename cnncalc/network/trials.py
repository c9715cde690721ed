"""Trying a spec again with something changed, so that no hint is given that does not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from cnncalc.core.errors import Note, SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.layers import spoken
from cnncalc.layers.dimension_names import axis_name, never_read
from cnncalc.network.expand import expand
from cnncalc.network.network import Network, Reached
from cnncalc.network.settings import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.parser import Library, parse
from cnncalc.spec.phrases import phrases_around, translated

MOST_TEXT = 20_000
"""Longest text, in characters, that is tried again."""

MOST_STEPS = 100_000
"""Most steps of one trial: what a large network costs once, hints must not cost many times."""

MOST_TRIALS = 12
"""Most sizes that are tried in one direction."""

_OF_SIZE = ("does-not-fit", "too-large", "branches-differ")
_OF_WORDS = ("unknown-layer", "bad-merge", "syntax", "bad-size", "bad-number", "unknown-option")
_FEW_CHANNELS = (1, 3)
_LEAST_SIDE = 8


def hints(error: SpecError, source: Source, settings: SpecSettings, library: Library) -> tuple[str, ...]:
    """Return an error's hints, with those that come from trying: another input, or another way to write a layer."""
    if len(source.text) > MOST_TEXT:
        return error.hints
    if written := _reworded(error, source, settings, library):
        return (f"write `{written}`", *[hint for hint in error.hints if not hint.startswith("did you mean")])
    reached = error.reached
    if not isinstance(reached, Reached):
        return error.hints
    spec = parse(source, library)
    if reached.network.inputs_at:
        return _with_several(error, reached, spec, settings)
    given = reached.network.input
    meant = channels_last(given)
    if meant and (found := _around(spec, settings, meant)):
        return (f"the channels come last: write {' or '.join(map(str, found))}", *error.hints)
    if image := _as_image(spec, settings, given):
        return (f"{given} is {given[0]} long, with {given[1]} channels; for an image write {image}", *error.hints)
    if error.code not in _OF_SIZE:
        return error.hints
    inputs = " or ".join("x".join(map(str, volume.spatial)) for volume in _searched(spec, settings, error, given))
    known = _with_what_was_dropped(error.hints, reached)
    return _with_input(known, inputs) if inputs else known


def note_on_input(network: Network, source: Source, settings: SpecSettings, library: Library) -> Note | None:
    """Return a note where the channels of an input seem to stand in front, and the network takes them behind too."""
    volumes = dict(zip(network.input_names or ("",), network.inputs, strict=True))
    meant = {name: last for name, volume in volumes.items() if (last := channels_last(volume))}
    if not meant or len(source.text) > MOST_TEXT:
        return None
    spec = parse(source, library)
    if _fault_with(spec, settings, meant) is not None:
        return None
    name, last = next(iter(meant.items()))
    given = volumes[name]
    names = [axis_name(axis, given.dimensions) for axis in range(given.dimensions)]
    sizes = [f"{size} {_ADJECTIVES[axis]}" for size, axis in zip(given.spatial, names, strict=True)]
    called = f"input `{name}`" if name else "input"
    message = f"the {called} is {', '.join(sizes)}, with {given.channels} channels; did you mean {last}?"
    for option in [settings.inputs[name]] if name in settings.inputs else settings.inputs.values() if not name else ():
        return Note("channels-first", message, Span(0, len(option.text)), option)
    statements = [statement for statement in spec.statements if type(statement) is tree.Input]
    word = next(statement.volume for statement in statements if not name or statement.name == name)
    return Note("channels-first", message, word.span)


_ADJECTIVES = {"depth": "deep", "height": "high", "width": "wide"}


def channels_last(given: Volume) -> Volume | None:
    """Return the volume that was probably meant by one with its channels in front, or None.

    3x32x32 is one: 1 or 3, and then a square. In front of that the images of a batch of 1 may be counted.
    """
    first, last = given[0], given[-2:]
    if len(given) not in (3, 4) or first not in _FEW_CHANNELS or last[0] != last[1] or last[0] < _LEAST_SIDE:
        return None
    counted = len(given) == 4 and first == 1 and given[1] in _FEW_CHANNELS
    return Volume((*last, given[1])) if counted else Volume((*given[1:], first))


def _as_image(spec: tree.Spec, settings: SpecSettings, given: Volume) -> str:
    """Return the volumes with channels that a network takes in place of one without; "" if there are none."""
    if len(given) != 2 or min(given) < _LEAST_SIDE:
        return ""
    images = [Volume((*given, channels)) for channels in reversed(_FEW_CHANNELS)]
    return " or ".join(str(image) for image in images if _fault_with(spec, settings, image) is None)


def _with_input(given: tuple[str, ...], inputs: str) -> tuple[str, ...]:
    """Put the input that fits behind the repairs of the layer itself, or in front of all other hints."""
    if given and given[0].startswith("fits with: "):
        return (f"{given[0]}, input {inputs}", *given[1:])
    return (f"fits with: input {inputs}", *given)


def _around(spec: tree.Spec, settings: SpecSettings, wanted: Volume) -> list[Volume]:
    """Return a volume if the network takes it, or those near it that it takes."""
    fault = _fault_with(spec, settings, wanted)
    return [wanted] if fault is None else _searched(spec, settings, fault, wanted)


# ---- several inputs


def _with_several(error: SpecError, reached: Reached, spec: tree.Spec, settings: SpecSettings) -> tuple[str, ...]:
    """Return an error's hints with other sizes of the input that leads to it, and of those that are written alike."""
    network = reached.network
    inside = set().union(*[_behind(network, index) for index in reached.inputs])
    read = [pair for pair in zip(network.inputs_at, network.input_names, strict=True) if pair[0] in inside]
    if len(read) != 1:
        return error.hints
    index, name = read[0]
    given = network.layers[index - 1].output
    statements = [statement for statement in spec.statements if type(statement) is tree.Input]
    written = {statement.name: statement.volume.constant for statement in statements}
    alike = [other for other in written if written[other] == written[name] and other not in settings.inputs]
    names = alike if written.get(name) and name in alike else [name]
    meant = channels_last(given)
    if meant and _fault_with(spec, settings, dict.fromkeys(names, meant)) is None:
        return (f"the channels come last: write {meant}", *error.hints)
    if error.code not in _OF_SIZE:
        return error.hints
    found = _searched(spec, settings, error, given, names)
    sizes = " or ".join("x".join(map(str, volume.spatial)) for volume in found)
    return _with_input(error.hints, f"{' and '.join(names)} {sizes}") if sizes else error.hints


# ---- branches


def _with_what_was_dropped(given: tuple[str, ...], reached: Reached) -> tuple[str, ...]:
    """Name the layer of some branches, and not of all, that does not read its last rows or columns."""
    behind = [_behind(reached.network, index) for index in reached.inputs]
    for index in sorted(behind[0].union(*behind) - behind[0].intersection(*behind)):
        node = reached.network.layers[index - 1]
        if any(node.dropped) and node.layer.kind != "crop":
            sizes = "x".join(map(str, node.sources[0].spatial))
            lost = f"`{node.name}` drops a part of its {sizes} input: {never_read(node.dropped)}"
            return (lost, *[hint for hint in given if "keeps its size" not in hint])
    return given


def _behind(network: Network, index: int) -> set[int]:
    """Return the indices of the layers that a volume comes from."""
    found: set[int] = set()
    waiting = [index]
    while waiting:
        at = waiting.pop()
        if at and at not in found:
            found.add(at)
            waiting.extend(network.layers[at - 1].inputs)
    return found


# ---- another input


def _searched(
    spec: tree.Spec, settings: SpecSettings, fault: SpecError, given: Volume, names: Sequence[str] = ("",)
) -> list[Volume]:
    """Return the nearest smaller and the nearest larger input that a network takes whole, if there are any.

    ``names`` are those of the inputs that have this size, where there are several.
    """
    found = [_next_size(spec, settings, fault, given, direction, names) for direction in (-1, 1)]
    return [size for size in found if size is not None]


def _next_size(
    spec: tree.Spec, settings: SpecSettings, error: SpecError, size: Volume, direction: int, names: Sequence[str]
) -> Volume | None:
    """Go from size to size in one direction until the whole network fits; each step is what its fault asks for.

    What is less than half as large as the given size is no answer.
    """
    fault: SpecError | None = error
    given = size
    for _ in range(MOST_TRIALS):
        if fault is None:
            return size
        if fault.code not in _OF_SIZE or not isinstance(fault.reached, Reached):
            return None
        steps = _steps(fault.reached, direction)
        size = size.with_spatial(side + direction * step for side, step in zip(size.spatial, steps, strict=True))
        if not any(steps) or any(2 * side < least for side, least in zip(size, given, strict=True)):
            return None
        fault = _fault_with(spec, settings, dict.fromkeys(names, size))
    return size if fault is None else None


def _steps(reached: Reached, direction: int) -> list[int]:
    """Return by how much the input changes per dimension, where the faulty layer's must change by so much."""
    changes = [pair[direction > 0] for pair in reached.changes]
    strides = _strides(reached)
    if len(changes) != len(strides):
        return [0] * len(strides)
    return [ceil(change * stride) for change, stride in zip(changes, strides, strict=True)]


def _strides(reached: Reached) -> list[Fraction]:
    """Return how many of the input's rows, columns, … one step in the faulty layer's volume is."""
    network = reached.network
    at = max(reached.inputs, key=lambda index: (network.layers[index - 1].output if index else network.input)[:-1])
    strides = [Fraction(1)] * (network.layers[at - 1].output if at else network.input).dimensions
    while at:
        node = network.layers[at - 1]
        for axis, reach in enumerate(node.operation.reaches):
            if reach and reach.windows:
                strides[axis] *= Fraction(reach.shift, len(reach.windows))
        at = node.inputs[0]
    return strides


def _fault_with(spec: tree.Spec, settings: SpecSettings, given: Volume | Mapping[str, Volume]) -> SpecError | None:
    """Return what is wrong with a spec on another input, or on others by their names; None if nothing is."""
    volumes = {"": given} if isinstance(given, Volume) else given
    others = {name: Source("input", str(volume)) for name, volume in volumes.items()}
    kept = {} if "" in others else settings.inputs
    try:
        expand(spec, replace(settings, inputs={**kept, **others}), MOST_STEPS)
    except SpecError as error:
        return error
    return None


# ---- another way to write a layer


def _reworded(error: SpecError, source: Source, settings: SpecSettings, library: Library) -> str | None:
    """Return how the layer at fault is written here, if what stands there is understood and then right."""
    if error.code not in _OF_WORDS or error.source != source or error.span is None:
        return None
    for start, end in phrases_around(source.text, error.span.start):
        phrase = source.text[start:end]
        written = translated(phrase, spoken())
        if written is None or written == phrase:
            continue
        text = Source(source.name, source.text[:start] + written + source.text[end:])
        if _is_right_until(text, start + len(written), settings, library):
            return written
    return None


def _is_right_until(source: Source, end: int, settings: SpecSettings, library: Library) -> bool:
    """Say whether a text has no fault in front of a place."""
    try:
        expand(parse(source, library), settings, MOST_STEPS)
    except SpecError as error:
        return error.source == source and error.span is not None and error.span.start >= end
    return True

"""The designs of a sweep: every combination of the values of what is varied, numbered, the last name fastest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from random import Random
from typing import NamedTuple, cast

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_NUMBER
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed
from cnncalc.design.ranges import Value
from cnncalc.design.vary import Variation
from cnncalc.network import SpecSettings, input_volume
from cnncalc.spec import tree
from cnncalc.spec.names import steps_of

MOST_DESIGNS = 100_000_000
"""Most designs that are counted; of more, some are drawn."""

PARAMETER, INPUT, BLOCK = "parameter", "input", "block"


class VariedName(NamedTuple):
    """One name that is varied.

    Attributes:
        name: a parameter, ``input``, or a block.
        kind: which of the three.
        values: what it takes, in order: whole numbers, volumes, or names of blocks.
        shown: the same as they are written.

    """

    name: str
    kind: str
    values: Sequence[int] | Sequence[Volume] | Sequence[str]
    shown: Sequence[Value] | Sequence[Volume]


class DesignSpace(NamedTuple):
    """All designs.

    Attributes:
        axes: what is varied.

    """

    axes: tuple[VariedName, ...]

    @property
    def size(self) -> int:
        """How many designs there are."""
        return prod(len(axis.values) for axis in self.axes)

    @property
    def inputs(self) -> tuple[Volume, ...]:
        """The inputs that are varied; none where the spec's own is kept."""
        return tuple([cast(Volume, volume) for axis in self.axes if axis.kind == INPUT for volume in axis.values])

    def places(self, design: int) -> tuple[int, ...]:
        """Return which value of each axis a design has."""
        found = []
        for axis in reversed(self.axes):
            design, place = divmod(design, len(axis.values))
            found.append(place)
        return tuple(found[::-1])

    def sample(self, count: int | None, seed: int) -> Sequence[int]:
        """Return the designs to count: all, or so many that are drawn, in their order."""
        if count is None or count >= self.size:
            return range(self.size)
        random = Random(seed)
        if self.size < 2**60:
            return sorted(random.sample(range(self.size), count))
        drawn: set[int] = set()
        while len(drawn) < count:
            drawn.add(random.randrange(self.size))
        return sorted(drawn)


def names_to_vary(spec: tree.Spec) -> list[str]:
    """Return the names that a spec lets its callers vary: its parameters, its input, and the blocks that it calls."""
    parameters = [each.name for each in spec.statements if type(each) is tree.ParameterSyntax]
    return list(dict.fromkeys([*parameters, "input", *_called(spec)]))


def refuse_set_too(each: Variation, settings: SpecSettings) -> None:
    """Refuse a parameter that is varied and set to one value.

    Raises:
        SpecError: with the code ``bad-name``.

    """
    if each.name.lower() in settings.parameters:
        hints = ["leave out one of the two"]
        raise each.error("bad-name", f"`{each.name}` is varied, and --set gives it one value", hints)


def read_space(spec: tree.Spec, variations: Iterable[Variation], given: Source | None) -> DesignSpace:
    """Return the designs of a spec.

    Args:
        spec: the syntax tree.
        variations: what is varied.
        given: an input that overrides the spec's own.

    Raises:
        SpecError: for a name that the spec does not have, and for values that it cannot take.

    """
    parameters = {each.name for each in spec.statements if type(each) is tree.ParameterSyntax}
    called = set(_called(spec))
    return DesignSpace(tuple([_axis(each, spec, parameters, called, given) for each in variations]))


def _axis(each: Variation, spec: tree.Spec, parameters: set[str], called: set[str], given: Source | None) -> VariedName:
    if each.owner == "recipe":
        hints = ["a sweep varies the spec alone; `cnncalc tune` varies settings of training"]
        raise each.error("unknown-name", f"`{each.name}` is a setting of training", hints)
    values = each.range.values
    if values is None:
        text = each.source.text[slice(*each.range_span)]
        hints = [f"say how many, {text}:count=5, or how far apart, {text}:step=0.1"]
        raise each.error("bad-range", "the range has infinitely many values", hints, about_range=True)
    if each.name in parameters:
        whole = _whole_values(each, values)
        return VariedName(each.name, PARAMETER, whole, whole)
    if each.name == "input":
        if sum(type(statement) is tree.Input for statement in spec.statements) > 1:
            hints = ["write the spec with one input, or vary its parameters"]
            raise each.error("several-inputs", "the spec has several inputs, which are not varied", hints)
        volumes = [_volume(each, value, spec, given) for value in values]
        return VariedName("input", INPUT, volumes, volumes)
    if each.name in called:
        return VariedName(each.name, BLOCK, _blocks(each, values, spec), values)
    known = [*parameters, "input", *called]
    made = [f"a line `param {each.name} = 8` makes it a parameter"] if each.name.isidentifier() else []
    hints = [*did_you_mean(each.name, known), f"what can be varied is {listed(known)}", *made]
    raise each.error("unknown-name", f"the spec has no parameter and no block `{each.name}`", hints)


def _whole_values(each: Variation, values: Sequence[Value]) -> Sequence[int]:
    if isinstance(values, range):
        ends = [abs(value) for value in (values[0], values[-1])]
    else:
        values = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
        wrong = next((value for value in values if not isinstance(value, int)), None)
        if wrong is not None:
            hints = ["a parameter of a spec is a whole number"]
            raise each.error("bad-range", f"`{wrong}` is not a whole number", hints, about_range=True)
        ends = [abs(value) for value in values if isinstance(value, int)]
    if max(ends) > MAX_NUMBER:
        raise each.error("out-of-range", f"numbers go up to {MAX_NUMBER:,}", about_range=True)
    return values  # type: ignore[return-value]  # all are whole


def _blocks(each: Variation, values: Sequence[Value], spec: tree.Spec) -> Sequence[str]:
    for value in values:
        if value not in spec.blocks:
            hints = [*did_you_mean(str(value), spec.blocks), f"its blocks are {listed(spec.blocks)}"]
            raise each.error("unknown-block", f"there is no block `{value}`", hints, about_range=True)
    return [str(value) for value in values]


def _volume(each: Variation, value: Value, spec: tree.Spec, given: Source | None) -> Volume:
    """Return the input that a value stands for: a whole volume, its spatial sizes, or one size for all of them."""
    usual = _usual_input(spec, given)
    text = str(value)
    if isinstance(value, float) or (usual is None and "x" not in text):
        hints = ["write whole volumes: input=96x96x3,128x128x3"]
        message = f"`{value}` is not a volume" if isinstance(value, float) else "the spec has no input to vary"
        raise each.error("bad-volume", message, hints, about_range=True)
    if usual is not None and isinstance(value, int):
        text = "x".join([text] * usual.dimensions)
    if usual is not None and text.count("x") == usual.dimensions - 1:
        text = f"{text}x{usual.channels}"
    try:
        return input_volume(Source(each.source.name, text))
    except SpecError as error:
        raise each.error(error.code, error.message, error.hints, about_range=True) from None


def _read(given: Source) -> Volume | None:
    try:
        return input_volume(given)
    except SpecError:
        return None


def _usual_input(spec: tree.Spec, given: Source | None) -> Volume | None:
    """Return the input that the spec or an option has; None where there is none, or one that is computed."""
    if given is not None:
        return _read(given)
    for statement in spec.statements:
        if type(statement) is tree.Input:
            constant = statement.volume.constant
            return None if constant is None else _read(Source("input", constant))
    return None


def _called(spec: tree.Spec) -> Iterator[str]:
    """Yield the names that the spec calls as blocks, whether they are defined or not."""
    for step in steps_of(spec):
        if type(step.item) is tree.CallSyntax:
            yield step.item.name
        elif type(step.item) is tree.LayerSyntax and step.item.texts and step.item.texts[0] in spec.blocks:
            yield step.item.texts[0]


def with_blocks(spec: tree.Spec, chosen: Mapping[str, str]) -> tree.Spec:
    """Return a spec in which calls of some blocks are calls of others."""
    blocks = {name: spec.blocks[block]._replace(name=name) for name, block in chosen.items()}
    return spec._replace(blocks={**spec.blocks, **blocks})

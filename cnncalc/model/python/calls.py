"""What the source of a network is made of: calls with holes for the numbers that may differ.

A block that is called in many places becomes one class. What is equal in all places is its text; what may
differ are holes. So everything here is made of tuples that `holes`, `skeleton` and `filled` go through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from cnncalc.core.source import Span
from cnncalc.layers.registry import torch_modules
from cnncalc.layers.steps import Factor, Fixed, Function, Module, OwnModule, Preset, Step, Steps
from cnncalc.model.blocks.numbers import Hole
from cnncalc.model.plan import Planned


class Counting(NamedTuple):
    """A number in a loop: its value in the first turn, and by how much it grows from turn to turn."""

    first: Any
    step: Any


class Argument(NamedTuple):
    """An argument of a call; ``keyword`` is empty for one that goes by its place."""

    keyword: str
    value: Any


class PythonCall(NamedTuple):
    """``nn.Conv2d(3, 64, 3)`` or ``Bottleneck(256, width=64)``.

    ``places`` says that the places which a max pool has returned come first of its arguments.
    """

    target: str
    arguments: tuple[Argument, ...]
    places: bool = False


class Work(NamedTuple):
    """What an item does, wherever it stands.

    Attributes:
        make: what is made once and kept; None for what has no module.
        prepare: for each input the functions that go first.
        merge: the function that brings several inputs together; empty for one input.
        steps: what is then done; a text is the label of a module that was made, "" that of the only one.
        quiet: whether it may share the line of the item before it: it changes no sizes.
        returns_places: whether it returns where a max pool took its values beside them.
    """

    make: PythonCall | None
    prepare: tuple[tuple[PythonCall, ...], ...]
    merge: str
    steps: tuple[PythonCall | str, ...]
    quiet: bool
    returns_places: bool = False


class SharedWork:
    """Work that many items share, with what has been found out about it once.

    Attributes:
        work: what they do.
        skeleton: the work without its numbers.
        holes: its numbers, in order.
        values: the values of the holes.
    """

    __slots__ = ("_filled", "holes", "skeleton", "values", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.holes: tuple[Hole, ...] = tuple(holes(work))
        self.values = tuple([hole.value for hole in self.holes])
        self.skeleton = skeleton(work)
        self._filled: dict[tuple[str, ...], SharedWork] = {}

    def filled(self, written: tuple[str, ...]) -> SharedWork:
        """Return the work with its numbers as they are written; the same work for the same texts."""
        found = self._filled.get(written)
        if found is None:
            found = self._filled[written] = SharedWork(filled(self.work, iter(written)))
        return found


class BodyItem(NamedTuple):
    """A line of a body: a layer, or a call of a block.

    Attributes:
        name: its attribute in the module.
        shared: what it does.
        inputs: what it reads; 0 is what the body is given, n the n-th item. () for one of several inputs, which is an
            argument of its name.
        origin: where the spec writes it, which is the same in every turn of a repeat; None for a call.
        places: the item whose places it reads, numbered in the same way; 0 for none.
    """

    name: str
    shared: SharedWork
    inputs: tuple[int, ...]
    origin: Span | None = None
    places: int = 0

    @property
    def all_inputs(self) -> tuple[int, ...]:
        """The items that it reads, the one whose places it reads among them."""
        return (*self.inputs, self.places) if self.places else self.inputs

    @property
    def work(self) -> Work:
        """What it does."""
        return self.shared.work


class Loop(NamedTuple):
    """Items that come again and again; the number in their names counts on.

    ``offsets`` say by how much the number in a name differs from the loop's variable.
    """

    start: Any
    stop: Any
    stride: int
    items: tuple[BodyItem, ...]
    offsets: tuple[int, ...]
    inputs: tuple[int, ...]


class Body(NamedTuple):
    """What a class does: its items in order, and which of them makes the output (0: none, the input leaves).

    ``outputs`` are the same for several outputs. ``places`` says that it returns the places of its output, too.
    """

    items: tuple[BodyItem | Loop, ...]
    output: int
    outputs: tuple[int, ...] = ()
    places: bool = False


# ---- holes


def holes(part: Any) -> Iterator[Hole]:
    """Go through the holes of anything that is made of tuples."""
    if type(part) is Hole:
        yield part
    elif type(part) is BodyItem:
        yield from part.shared.holes
    elif isinstance(part, tuple):
        for inner in part:
            yield from holes(inner)


def skeleton(part: Any) -> Any:
    """Return what is left without the values: equal for what can be one class."""
    if type(part) is Hole:
        return Hole
    if type(part) is BodyItem:
        return BodyItem, part.name, part.shared.skeleton, part.inputs, part.origin, part.places
    if isinstance(part, tuple):
        return (type(part), *[skeleton(inner) for inner in part])
    return part


def filled(part: Any, values: Iterator[Any]) -> Any:
    """Return the same with values in the place of holes, which are taken in the order of `holes`."""
    if type(part) is Hole:
        return next(values)
    if type(part) is BodyItem:
        return part._replace(shared=part.shared.filled(tuple(islice(values, len(part.shared.holes)))))
    if isinstance(part, tuple):
        inner = [filled(inner, values) for inner in part]
        return part._make(inner) if hasattr(part, "_make") else tuple(inner)
    return part


def _hollow(value: Any, role: str) -> Any:
    """Put a hole in the place of every number in a setting."""
    return tuple([_hollow(inner, role) for inner in value]) if isinstance(value, tuple) else Hole(value, role)


# ---- calls

_FIRST = ("stride", "padding", "output_padding", "dilation")
"""Settings that are written in front of the others."""


def usual(target: str) -> Mapping[str, Any]:
    """Return the settings that a module has where nothing is written."""
    signature = torch_modules().get(target.removeprefix("nn."))
    return signature.usual if signature else {}


def _module(step: Module, overwrite: bool) -> PythonCall:
    """Write the call of a module with all its settings, so that calls that differ in one have it both."""
    signature = torch_modules().get(step.name)
    roles = signature.arguments if signature else ()
    places = [Argument("", _hollow(v, roles[i] if i < len(roles) else "value")) for i, v in enumerate(step.args)]
    settings = {**usual(step.name), **step.kwargs} | ({"inplace": True} if overwrite else {})
    written = sorted(settings.items(), key=lambda setting: (setting[0] not in _FIRST, setting[0] != "stride"))
    return PythonCall(f"nn.{step.name}", (*places, *[Argument(name, _hollow(v, name)) for name, v in written]))


def _function(step: Function) -> PythonCall:
    by_place = [Argument("", _hollow(value, "size")) for value in step.args]
    named = [Argument(name, _hollow(v, name)) for name, v in step.kwargs.items()]
    return PythonCall(step.name, (*by_place, *named), step.places)


def _preset(step: Preset, overwrite: bool) -> PythonCall:
    values = [Argument(name, _hollow(value, "values")) for name, value in step.values.items()]
    made = Argument("", _module(step.module, overwrite))
    return PythonCall("preset", (made, Argument("learned", Hole(step.learned, "learned")), *values))


def _factor(step: Factor, overwrite: bool) -> PythonCall:
    return PythonCall("Scale", (Argument("", _hollow(step.shape, "channels")), Argument("", Hole(step.start, "start"))))


def _own(step: OwnModule, overwrite: bool) -> PythonCall:
    places = [Argument("", _hollow(value, "channels")) for value in step.args]
    return PythonCall(step.name, (*places, *[Argument(name, _hollow(v, name)) for name, v in step.kwargs.items()]))


def _fixed(step: Fixed, overwrite: bool) -> PythonCall:
    places = (step.name, "function"), (step.values, "values"), (step.shape, "shape")
    given = [Argument("", _hollow(value, role)) for value, role in places]
    return PythonCall("Fixed", (*given, *[Argument(name, _hollow(value, name)) for name, value in step.kwargs.items()]))


_MAKERS: Mapping[type, Callable[[Any, bool], PythonCall]] = {
    Module: _module,
    OwnModule: _own,
    Preset: _preset,
    Factor: _factor,
    Fixed: _fixed,
}


def _made(steps: Steps, overwrite: bool) -> PythonCall | None:
    """Write what is made once and kept: one thing, or several with labels."""
    kept = [step for step in steps if not isinstance(step, Function)]
    calls = [_MAKERS[type(step)](step, overwrite) for step in kept]
    if not any(step.label for step in kept):
        return calls[0] if calls else None
    return PythonCall(
        "nn.ModuleDict", tuple([Argument(step.label, call) for step, call in zip(kept, calls, strict=True)])
    )


def _calls(steps: Sequence[Step]) -> tuple[PythonCall | str, ...]:
    """Write the calls of steps; a module by its label."""
    return tuple([_function(step) if isinstance(step, Function) else step.label for step in steps])


def layer_work(planned: Planned) -> Work:
    """Write what PyTorch does for a layer."""
    node = planned.node
    read = planned.prepare[:1] if node.layer.reads_places else planned.prepare
    prepare = tuple([tuple([_function(step) for step in steps]) for steps in read])  # type: ignore[arg-type]
    if node.layer.merges:
        function, *after = planned.steps
        assert isinstance(function, Function)
        return Work(None, prepare, function.name, _calls(after), False)
    steps = _calls(planned.steps)
    quiet = len(steps) == 1 and not node.operation.macs and node.sources[0] == node.output
    places = planned.returns_places
    return Work(_made(planned.steps, planned.overwrite), prepare, "", steps, quiet and not places, places)

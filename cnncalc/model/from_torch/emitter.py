"""The operations that have been read so far, and how views of what they make lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isinf, prod
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers import Arguments, Layer, class_of
from cnncalc.layers.constants import Times
from cnncalc.layers.written import Unsayable, Words, option, sides, size, texts_of, words
from cnncalc.model.from_torch.axes import (
    FIRST,
    FLAT,
    LAST,
    REPEATED,
    TOKENS,
    VECTOR,
    axes_of,
    axis_sizes,
    folded,
    layout_of,
    reshaped,
    shuffled,
    without_repeats,
)
from cnncalc.model.from_torch.given import BATCH, GivenInput
from cnncalc.model.from_torch.learning import Weights
from cnncalc.model.from_torch.operations import ReadLayer
from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.traced_modules import ModuleScope, module_path
from cnncalc.model.from_torch.turning import turned
from cnncalc.model.from_torch.values import View
from cnncalc.model.plan import MOST_DIMENSIONS


class Mark(NamedTuple):
    """How far reading had come."""

    operations: int
    weights: Any


class Emitter:
    """Adds operations for the call that is being read, and says how views of them lie."""

    def __init__(
        self, traced: Traced, module: nn.Module, given: Sequence[GivenInput], *, several_dimensions: bool = False
    ) -> None:
        """``several_dimensions`` says that volumes may have different numbers of dimensions, for `lifted`."""
        self.several_dimensions = several_dimensions
        self.other_dimensions = False  # whether a volume of other dimensions was asked for
        self.traced = traced
        self.input = given[0].volume
        self.operations: list[ReadLayer] = []
        self.origins: list[fx.Node] = []
        self.weights = Weights(module)
        self.node: fx.Node = next(iter(traced.graph.nodes))

    # ---- the call that is being read

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the call returns."""
        return shape_of(self.node)

    @property
    def line(self) -> str:
        """The line of the user's code that makes the call."""
        return str(self.node.meta.get("line", ""))

    @property
    def path(self) -> str:
        """Where the call stands."""
        scopes = self.node.meta.get("scopes", ())
        return module_path(scopes[-1].path) if scopes else ""

    def mark(self) -> Mark:
        """Return how far reading has come, for `back_to`."""
        return Mark(len(self.operations), self.weights.mark())

    def back_to(self, mark: Mark) -> None:
        """Forget what has been read since."""
        del self.operations[mark.operations :]
        del self.origins[mark.operations :]
        self.weights.back_to(mark.weights)

    def emit(self, layer: Words, inputs: Iterable[int], volume: Volume) -> int:
        """Add an operation, and return its index."""
        scopes = self.node.meta.get("scopes", ())  # none where the output is brought into order
        if self.node.op == "call_module":
            scopes = scopes[:-1] if scopes[-1].path == self.node.target else scopes
            scopes = self._of_path(str(self.node.target)) if _flat(scopes) else scopes
        scopes = None if _flat(scopes) else scopes
        operation = ReadLayer(layer.word, layer.tokens, tuple(inputs), volume, self.path, scopes, line=self.line)
        self.operations.append(operation)
        self.origins.append(self.node)
        return len(self.operations)

    def settle(self, result: Any, layout: str | None) -> None:
        """Give what the call has learned to its last operation: in front of a layer stands at most its padding."""
        tensors = self.weights.taken()
        if tensors:
            last = self.operations[-1]
            self.operations[-1] = last._replace(tensors=(*last.tensors, *tensors))
        settled = isinstance(result, View) and result.pads is None and not result.negated
        if settled and 0 < result.index == len(self.operations) and layout in (FIRST, VECTOR):
            self.operations[-1] = self.operations[-1]._replace(node=self.node.name)

    def _of_path(self, path: str) -> tuple[ModuleScope, ...]:
        """Return the scopes that a dotted path goes through, for a module whose code is all in one place."""
        owners = path.split(".")[:-1]
        places = [".".join(owners[: count + 1]) for count in range(1, len(owners))]
        return tuple([ModuleScope(place, type(self.traced.modules[place]).__name__) for place in places])

    # ---- views

    def volume(self, view: View) -> Volume:
        """Return the volume that a view looks at."""
        return self.volume_of(view.index)

    def volume_of(self, index: int) -> Volume:
        """Return the volume that an operation makes; 0 is the input."""
        return self.operations[index - 1].output if index else self.input

    def layout(self, view: View) -> str | None:
        """Return the layout of a view."""
        return layout_of(view.axes, self.volume(view), BATCH)

    def channel_axis(self, view: View) -> int | None:
        """Return the axis along which the channels lie."""
        last = len(view.axes) - 1
        return {FIRST: 1, VECTOR: 1, LAST: last, TOKENS: last}.get(self.layout(view) or "")

    def made(self, layer: Words, view: View, volume: Volume, layout: str = FIRST) -> View:
        """Add a layer that makes a volume of a view, and return the view of that."""
        return View(self.emit(layer, (view.index,), volume), axes_of(volume, BATCH, layout))

    def kept(self, layer: Words, view: View) -> View:
        """Add a layer that keeps a volume, whose view has the same axes."""
        return View(self.emit(layer, (view.index,), self.volume(view)), view.axes)

    def settled(self, view: View) -> View:
        """Return a view without anything pending: padding that no window has taken over becomes a layer."""
        if view.negated:
            view = replace(view, index=self.emit(Times.words(-1.0), (view.index,), self.volume(view)), negated=False)
        if view.pads is None:
            return view
        if isinf(view.fill):
            raise Unsayable("it pads with zeros")
        result = View(view.index, axes_of(self.volume(view), BATCH))
        for word, sign in (("pad", 1), ("crop", -1)):
            pairs = tuple([(max(0, sign * before), max(0, sign * after)) for before, after in view.pads])
            if any(map(any, pairs)):
                volume = self.volume(result)
                spatial = [size + sign * sum(pair) for size, pair in zip(volume.spatial, pairs, strict=True)]
                result = self.made(words(word, sides("", pairs)), result, volume.with_spatial(spatial))
        return result

    def sized(self, view: View) -> View:
        """Return a view whose positions are not stretched into a vector: there, stretching is a layer."""
        view = self.repeated(self.settled(view))
        volume, ones = self.volume(view), view.axes[2:]
        known = layout_of(view.axes, volume, BATCH) not in (None, FLAT)
        if known or any(ones) or layout_of(view.axes[:2], volume, BATCH) != FLAT:
            return view
        vector = self.made(Words("flatten"), view, volume.vector(volume.values), VECTOR)
        return replace(vector, axes=(*vector.axes, *ones))

    def repeated(self, view: View) -> View:
        """Return a view that repeats nothing: one value is enlarged, and channels are put behind each other."""
        once = replace(view, axes=without_repeats(view.axes))
        if once == view:
            return view
        again = [prod([atom.size for atom in atoms if atom.kind == REPEATED]) for atoms in view.axes]
        axis = self.channel_axis(once)
        sides = [times for place, times in enumerate(again[1:], 1) if place != axis]
        spread = any(times > 1 and once.axes[place] for place, times in enumerate(again) if place != axis)
        if axis is None or spread or (max(sides, default=1) > 1 and len(sides) != self.volume(once).dimensions):
            raise Unsayable("it repeats what stands in several places")
        if max(sides, default=1) > 1:
            larger = words("upsample", option("x", "factor", tuple(sides), -1))
            spatial = [size * times for size, times in zip(self.volume(once).spatial, sides, strict=True)]
            once = self.made(larger, once, self.volume(once).with_spatial(spatial), self.layout(once) or FIRST)
        if again[axis] > 1:
            kinds = [atom.kind == REPEATED for atom in view.axes[axis]]
            if kinds.count(True) > 1 or True in kinds[1:-1]:
                raise Unsayable("it repeats what stands in several places")
            made = self.copied(once.index, again[axis], in_a_row=not kinds[0])
            once = View(made, axes_of(self.volume_of(made), BATCH, self.layout(once) or FIRST))
        return once

    def copied(self, index: int, times: int, *, in_a_row: bool) -> int:
        """Add the layers that have every channel so often: in a row, or all of them behind each other."""
        if times == 1:
            return index
        volume = self.volume_of(index)
        wider = volume.with_channels(volume.channels * times)
        joined = self.emit(Words("concat"), [index] * times, wider)
        return self.emit(words("shuffle", size((times,), "groups")), (joined,), wider) if in_a_row else joined

    def formed(self, view: View) -> View:
        """Return a view for a layer over the channels: a volume that was made by a reshape is a layer's first."""
        view = self.sized(view)
        known = self.layout(view) is not None or not 3 <= len(view.axes) <= self.volume(view).dimensions + 2
        return view if known else self.reformed(view, axis_sizes(view.axes)) or view

    def positions(self, view: View) -> View:
        """Return a view for a layer that slides over positions: N x C x H x W."""
        view = self.sized(view)
        if self.layout(view) != FIRST:
            made = self.reformed(view, axis_sizes(view.axes))
            if made is None:
                raise Unsayable("the input is not a batch of images with channels first")
            return made
        return view

    def reshape(self, view: View, shape: Sequence[int]) -> View:
        """Read a change of shape, which is no layer unless it shuffles channels."""
        axes = reshaped(self.settled(view).axes, shape)
        if axes is None:
            made = self.reformed(self.settled(view), shape)
            if made is None:
                raise Unsayable(f"it cuts across channels and positions: → {'x'.join(map(str, shape))}")
            return made
        return self.arranged(replace(self.settled(view), axes=axes))

    def reformed(self, view: View, shape: Sequence[int]) -> View | None:
        """Return the view of another volume of the same values in their order, N x C x H x W; None where it is none."""
        volume = self.volume(view)
        if shape[0] != BATCH or not 3 <= len(shape) <= MOST_DIMENSIONS + 2:
            return None
        if len(shape) != volume.dimensions + 2:
            self.other_dimensions = True
            if not self.several_dimensions:
                return None
        steps = turned(view.axes, volume, Volume.of(shape[2:], shape[1]))
        for layer, made in steps or ():
            view = self.made(layer, view, made)
        return None if steps is None else view

    def straightened(self, view: View) -> View | None:
        """Return a view of a volume whose values come as the view's do, N x C x H x W; None where there is none."""
        return view if self.layout(view) == FIRST else self.reformed(view, axis_sizes(view.axes))

    def arranged(self, view: View) -> View:
        """Return a view whose channels are in order: a shuffle is a layer."""
        volume = self.volume(view)
        if (found := folded(view.axes, volume, BATCH)) is not None:
            word, factor, in_front = found
            wanted = Volume.of(axis_sizes(view.axes)[2:], axis_sizes(view.axes)[1])
            made = self.made(words(word, size((factor,), "size")), view, wanted)
            apart = words("shuffle", size((volume.channels,), "groups"))
            return self.made(apart, made, wanted) if in_front and volume.channels > 1 else made
        groups = shuffled(view.axes, self.volume(view), BATCH)
        if groups is None:
            return view
        layout = VECTOR if len(view.axes) == 2 else FIRST
        return self.made(words("shuffle", size((groups,), "groups")), view, self.volume(view), layout)


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """Return the shape of what a call returns, of several tensors the first one's; () where that is no tensor."""
    value = node.meta["value"]
    value = value[0] if isinstance(value, tuple) and value else value
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def layer_of(layer: Words, source: Volume, rounding: str = "floor") -> Layer | None:
    """Return the layer that words stand for behind a volume, or None where there is no such layer."""
    arguments = Arguments(layer.word, "", texts_of(layer.tokens), source, rounding)
    try:
        arguments.sort()
        made = class_of(layer.word).read(arguments)
        made.output((source,))
    except Fault:
        return None
    return made


def _flat(scopes: Any) -> bool:
    return scopes is not None and any(not scope.kind for scope in scopes)

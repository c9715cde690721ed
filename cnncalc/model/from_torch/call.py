"""A call of the trace with what it is given, and the ways in which a layer says what it does (`TorchCall`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isinf
from typing import Any

import torch
from torch import nn

from cnncalc.core.volume import Volume
from cnncalc.layers.torch_calls import Signature
from cnncalc.layers.window import Windowed
from cnncalc.layers.written import Pairs, Token, Unsayable, Words
from cnncalc.model.from_torch import frames, merges, places
from cnncalc.model.from_torch.axes import (
    CHANNELS,
    FIRST,
    IMAGES,
    LAST,
    VECTOR,
)
from cnncalc.model.from_torch.channel_axes import along, groups_first, halved, reduced, widened
from cnncalc.model.from_torch.emitter import Emitter, layer_of, shape_of
from cnncalc.model.from_torch.learning import RUNNING, a_constant, is_constant
from cnncalc.model.from_torch.position_axes import over_positions
from cnncalc.model.from_torch.refusals import AS_MATRICES
from cnncalc.model.from_torch.standardising import standardisation
from cnncalc.model.from_torch.traced_modules import module_path
from cnncalc.model.from_torch.values import Tensor, View


@dataclass(frozen=True)
class Call:
    """A call of the trace; its methods are explained at `TorchCall`.

    ``given`` are a function's arguments, or what a module is given beside its input.
    """

    emitter: Emitter
    signature: Signature
    first: Any
    given: Mapping[str, Any] = field(default_factory=dict)
    module: nn.Module | None = None

    # ---- what it is given

    @property
    def name(self) -> str:
        return self.signature.name.rpartition(".")[2]

    @property
    def source(self) -> Volume:
        return self.emitter.volume(self.view)

    @property
    def arriving(self) -> tuple[int, ...]:
        return shape_of(self.emitter.node.all_input_nodes[0])

    @property
    def made(self) -> tuple[int, ...]:
        return self.emitter.shape

    @property
    def negated(self) -> bool:
        return self.view.negated

    @property
    def images_in_front(self) -> bool:
        axes = self.view.axes
        return len(axes) > 1 and not axes[0] and [atom.kind for atom in axes[1]] == [IMAGES]

    @property
    def channels_last(self) -> bool:
        return self.emitter.layout(self.view) == LAST

    @property
    def view(self) -> View:
        """What comes first, which is a volume."""
        if not isinstance(self.first, View):
            raise Unsayable("it takes one tensor, and nothing else")
        return self.first

    def __getitem__(self, name: str) -> Any:
        usual = self.signature.usual.get(name)
        if self.module is not None and name not in self.given:
            return getattr(self.module, name, usual)
        value = self.given.get(name)
        return usual if value is None else value

    def with_number(self, name: str) -> tuple[Call, float, bool] | None:
        pair = self.first, self[name]
        for view, value, first in ((*pair, False), (*pair[::-1], True)):
            number = _number(value, self.made)
            if isinstance(view, View) and number is not None:
                return self.behind(view), number, first
        return None

    @cached_property
    def _learned(self) -> dict[str, tuple[int, ...] | None]:
        return {}

    def learned(self, name: str) -> tuple[int, ...] | None:
        if name not in self._learned:
            self._learned[name] = self._learn(name)
        return self._learned[name]

    def _learn(self, name: str) -> tuple[int, ...] | None:
        tensor = self[name]
        if tensor is None:
            return None
        if self.module is not None:
            if is_constant(self.module, name):
                raise a_constant(f"`{module_path(self._path(name))}`")
            return tuple(tensor.shape)  # the tensors of a module are noted when it is called
        if not isinstance(tensor, Tensor):
            raise Unsayable("its weights are computed, and those of a spec are learned")
        self.emitter.weights.learn(tensor, "weight" if name == "other" else name)
        return tensor.shape

    def _path(self, name: str) -> str:
        return f"{self.emitter.node.target}.{name}"

    def turned(self, name: str, other: str) -> Call:
        tensor = self[name]
        if isinstance(tensor, View):
            raise Unsayable(AS_MATRICES)
        if not isinstance(tensor, Tensor) or tensor.turned is None:
            raise Unsayable("it multiplies a volume with a learned matrix whose rows are the outputs, and nothing else")
        return replace(self, given={**self.given, other: tensor.turned})

    def shape(self, name: str) -> tuple[int, ...] | None:
        tensor = self[name]
        return None if tensor is None else tuple(tensor.shape)

    def affine(self, word: str) -> bool:
        weight, bias = self.learned("weight"), self.learned("bias")
        if (weight is None) != (bias is None):
            raise Unsayable(f"its `{word}` has a scale and a shift or neither")
        return weight is not None

    def keeps(self, name: str) -> bool:
        tensor = self[name]
        if isinstance(tensor, Tensor):
            self.emitter.weights.keep(tensor, name)
        elif tensor is not None and name not in RUNNING:  # the statistics of a module are noted already
            self.emitter.weights.keep_own(self._path(name), name)
        return tensor is not None

    def _values(self, name: str) -> torch.Tensor | None:
        tensor = self[name]
        if isinstance(tensor, Tensor) and tensor.learned and not tensor.path:
            return None  # it is computed, and the trace has no numbers
        value = tensor.value if isinstance(tensor, Tensor) else tensor
        return value.detach() if isinstance(value, torch.Tensor) and not value.is_meta else None

    def fixed(self, name: str) -> Any:
        values = self._values(name)
        tensor = self[name]
        if self.module is not None:
            learned = not is_constant(self.module, name)
        else:
            learned = not isinstance(tensor, Tensor) or bool(tensor.learned) or isinstance(tensor.value, nn.Parameter)
        return None if values is None or learned else _as_tuples(values.tolist())

    def standardised(self, name: str) -> tuple[float, float | None, tuple[int, ...]] | None:
        tensor = self[name]
        if self.module is not None or not isinstance(tensor, Tensor) or not tensor.learned:
            return None
        found = standardisation(tensor, self.emitter.traced)
        if found is None:
            return None
        self.emitter.weights.learn(found.weight, "weight")
        if found.gain is not None:
            self.emitter.weights.learn(found.gain, "gain")
        return found.eps, found.scale, tensor.shape

    def common_value(self, name: str) -> float | None:
        values = self._values(name)
        if values is None or not values.numel():
            return None
        flat = values.reshape(-1)
        return float(flat[0]) if bool((flat == flat[0]).all()) else None

    def factor(self, name: str) -> int:
        tensor = self[name]
        if not isinstance(tensor, Tensor):
            return 0
        if tensor.value.numel() == 1 and len(tensor.shape) <= len(self.view.axes):
            return int(self.learned(name) is not None)
        view = self.emitter.sized(self.view)
        axis, count = self.emitter.channel_axis(view), len(view.axes)
        shape = (1,) * (count - len(tensor.shape)) + tensor.shape
        channels = self.emitter.volume(view).channels
        if axis is None or shape != tuple([channels if place == axis else 1 for place in range(count)]):
            raise Unsayable("its `scale` has one learned factor per channel, or one for all")
        return channels if self.learned(name) is not None else 0

    # ---- what it does

    def settled(self) -> Call:
        return self.behind(self.emitter.positions(self.view))

    def behind(self, result: Any) -> Call:
        return replace(self, first=result)

    def unchanged(self) -> Any:
        return self.first

    def elementwise(self, words: Words) -> View:
        return self.emitter.kept(words, self.emitter.sized(self.view))

    def channelwise(self, words: Words) -> View:
        view = self.emitter.formed(self.view)
        if self.emitter.layout(view) in (FIRST, VECTOR):
            return self.emitter.kept(words, view)
        return frames.over_axis(self.emitter, words, view, 1, "the channels are not where it looks for them")

    def over_channels(self, words: Words, axis: int) -> View:
        view = self.emitter.formed(self.view)
        single = self.emitter.volume(view).channels == 1 and not view.axes[axis]  # any axis of one value will do
        if single or axis % len(view.axes) == self.emitter.channel_axis(view):
            return self.emitter.kept(words, view)
        return frames.over_axis(self.emitter, words, view, axis, "it works over the channels alone")

    def along_channels(self) -> bool:
        view = self.view
        return len(view.axes) == 3 and not view.axes[1] and {atom.kind for atom in view.axes[2]} == {CHANNELS}

    def along(self, axis: int) -> tuple[str, int]:
        return along(self.emitter, self.view, axis)

    def groups_first(self, axis: Any) -> Call:
        return self.behind(groups_first(self.emitter, self.view, axis)) if isinstance(self.first, View) else self

    def without(self, axis: int, keeps: bool) -> View:
        view, place = self.view, axis % len(self.view.axes)
        return view if keeps else replace(view, axes=view.axes[:place] + view.axes[place + 1 :])

    def reduced(self, words: Words, axis: int, keeps: bool) -> View:
        return reduced(self.emitter, self.view, words, axis, keeps)

    def widened(self, words: Words, by: int) -> View:
        return widened(self.emitter, self.view, words, by)

    def halved(self, words: Words, axis: int) -> View:
        return halved(self.emitter, self.view, words, axis)

    def sliding(self, words: Words, volume: Volume | None = None) -> View:
        return self.emitter.made(words, self.emitter.positions(self.view), volume or self._wanted)

    @property
    def _wanted(self) -> Volume:
        """The volume that the call makes, if that is one of images with channels first."""
        return Volume.of(self.made[2:], self.made[1])

    def window(
        self,
        words: Callable[[Pairs], Words],
        pads: Pairs,
        fill: float,
        *,
        negates: bool = False,
        always: bool = False,
    ) -> View:
        if negates:
            result = self.behind(replace(self.view, negated=False)).window(words, pads, fill)
            return replace(result, negated=self.negated)
        takes = not any(map(any, pads)) and self.view.fill == fill
        own = self._own_padding(words, always) if takes else None
        return self.sliding(words(pads)) if own is None else self.emitter.made(own, self.view, self._wanted)

    def _own_padding(self, words: Callable[[Pairs], Words], always: bool) -> Words | None:
        """Return a window with the padding in front of it as its own, if that is the same; None if not.

        Zeros that are alike on both sides stay a layer, as the module has them.
        """
        view = self.view
        if view.pads is None or any(before < 0 for before, _ in view.pads):
            return None
        pads = tuple([(before, max(0, after)) for before, after in view.pads])
        plain = all(before == after for before, after in pads)
        if plain and not isinf(view.fill) and not always:
            return None
        written = words(pads)
        same = written._replace(tokens=tuple([Token("same") if t.prefix == "p" else t for t in written.tokens]))
        return next((each for each in (written, same) if self._makes(each, pads)), None)

    def _makes(self, words: Words, pads: Pairs) -> bool:
        """Say whether a window with this padding makes a volume; some paddings may only be written as ``same``."""
        layer = layer_of(words, self.source)
        if layer is None or layer.output((self.source,)) != self._wanted:
            return False
        assert isinstance(layer, Windowed)  # nothing else has padding of its own
        return tuple([(window.before, window.after) for window in layer.windows]) == pads

    def with_places(self, pool: View) -> Any:
        return places.with_places(pool)

    def at_places(self, word: str, given: Any) -> View:
        return places.at_places(self.emitter, word, self.view, given, self._wanted)

    def padded(self, pads: Pairs, fill: float) -> View:
        view = replace(self.view, negated=False)
        if view.pads is not None and view.fill == fill == 0 and max(map(max, pads)) <= 0 <= min(map(min, view.pads)):
            pads = tuple([(one + more, two + much) for (one, two), (more, much) in zip(view.pads, pads, strict=True)])
            view = replace(view, pads=None)  # what is taken away again was not there
        view = self.emitter.positions(view)
        return View(view.index, view.axes, pads if any(map(any, pads)) else None, fill, self.negated)

    def over_positions(self, words: Callable[[tuple[int, ...]], Words]) -> View:
        return over_positions(self.emitter, self.view, words, self["dim"], bool(self["keepdim"]))

    def linear(self, outputs: int, vector: Words, positions: Words) -> View:
        view = self.view
        if view.pads is not None or view.negated:
            view = self.emitter.settled(view)
        return frames.linear(self.emitter, view, outputs, vector, positions)

    # ---- merges

    def merged(self, kind: str, volumes: Sequence[Any]) -> View:
        return merges.merged(self.emitter, kind, volumes)

    def merged_sum(self, kind: str, summed: str, count: Any) -> Any:
        return merges.merged_sum(self.emitter, kind, summed, self.first, count)

    def merged_with(self, kind: str, other: str, neutral: int | None) -> Any:
        return merges.merged_with(self.emitter, kind, (self.first, self[other]), neutral)

    def joined(self, kind: str, axis: int) -> Any:
        return merges.joined(self.emitter, kind, self.first, axis)


def _number(value: Any, made: tuple[int, ...]) -> float | None:
    """Return a number, the one number of a tensor that is not learned, or that of a constant as large as the result."""
    if isinstance(value, Tensor) and not value.learned and (value.value.numel() == 1 or value.shape == made):
        alike = not value.value.is_meta and bool((value.value == value.value.reshape(-1)[0]).all())
        return float(value.value.reshape(-1)[0]) if alike else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_tuples(values: Any) -> Any:
    return tuple(map(_as_tuples, values)) if isinstance(values, list) else values

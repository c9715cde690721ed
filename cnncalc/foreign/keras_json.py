"""Models of Keras as ``model.to_json()`` writes them: Sequential and functional, of Keras 2 and 3."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_axes import Axes, channels_come_first, channels_last, is_of_channels, spatial_axes
from cnncalc.foreign.keras_layer import KerasLayer
from cnncalc.foreign.keras_layers import MERGES, OLD_MERGES, SCALED_SUM, is_kept, words_of
from cnncalc.foreign.keras_orders import KerasOrders
from cnncalc.foreign.literals import Literals, PlacedList, PlacedTable, whole
from cnncalc.foreign.shared_weights import with_weights
from cnncalc.layers.written import short

_HEAD = re.compile(r"\s*\{")
_MARKS = re.compile(r"\"class_name\"\s*:\s*\"(?:Sequential|Functional|Model|InputLayer)\"|\"batch_input_shape\"")


class KerasJson(ForeignFormat):
    """``{"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": …}, …]}}``

    A model of TensorFlow.js (``model.json``) has such a table inside.
    """

    what = "the JSON of a Keras model"

    def recognises(self, source: Source) -> bool:
        return _HEAD.match(source.text) is not None and _MARKS.search(source.text[:200_000]) is not None

    def read(self, draft: Draft) -> None:
        reader = Literals(draft.source)
        model = reader.value()
        for wrapping in ("modelTopology", "model_config"):  # TensorFlow.js puts the model inside
            inner = model.get(wrapping) if isinstance(model, PlacedTable) else None
            model = inner if isinstance(inner, PlacedTable) else model
        reader.space()
        if reader.position < len(draft.source.text):
            reader.fail("the model has ended, and something follows")
        ends = _Model(draft, DraftVolumes(draft)).read(model)
        if ends != [draft.last]:
            draft.outputs = [index for index in ends if index != INPUT]
        if not draft.steps:
            draft.damaged(Span(0, 1), "this model has no layers")


_MODELS = ("Sequential", "Functional", "Model")

Tensor = tuple[str, int, int]
"""What a layer makes: the layer's name, which of its calls, and which of the volumes that this call returns."""


class LayerCall(NamedTuple):
    """A call of a layer: its number, what it takes, and whether the layer is called several times."""

    layer: PlacedTable
    number: int
    takes: tuple[Tensor, ...]
    several: bool


class _Model:
    """A model, or one that stands in another; ``shared`` names the weights of one that is called several times."""

    def __init__(
        self, draft: Draft, volumes: DraftVolumes, shared: str = "", axes: dict[int, int] | None = None
    ) -> None:
        self.draft = draft
        self.volumes = volumes
        self.orders = KerasOrders(draft, volumes)
        self.axes = {INPUT: 0} if axes is None else axes
        """How many spatial axes there are in what each step makes."""
        self.channels_first = channels_come_first(draft.source.text)
        self.shared = shared
        self.made: dict[Tensor, int] = {}
        self.last = INPUT

    def read(self, model: Any, given: list[int] | None = None) -> list[int]:
        """Read a model and return the steps of its outputs; ``given`` is what a model in another takes."""
        if not isinstance(model, PlacedTable):
            self.draft.damaged(Span(0, 1), "a model is a table")
        kind, config = model.get("class_name"), model.get("config")
        if kind not in _MODELS:
            self.draft.damaged(_begin(model.span), f"a model is Sequential or Functional, not {quoted(kind)}")
        layers = config.get("layers") if isinstance(config, PlacedTable) else config  # Keras 1 has a list alone
        if not isinstance(layers, PlacedList):
            self.draft.damaged(model.span, f"this {kind} has no list of layers")
        tables = [self.table(layer, layers) for layer in layers]
        if kind != "Sequential":
            return self.functional(config, tables, given)
        self.last = INPUT if given is None else given[0]
        if given is None and isinstance(config, PlacedTable) and not self.draft.input:
            self.input(config.get("build_input_shape"), layers.span, weak=True)
        for layer in tables:
            self.sequential(layer)
        return [self.last]

    def table(self, layer: Any, layers: PlacedList) -> PlacedTable:
        if not isinstance(layer, PlacedTable) or not isinstance(layer.get("config"), PlacedTable):
            self.draft.damaged(_begin(layers.span), "a layer is a table with a `config`")
        return layer

    def sequential(self, layer: PlacedTable) -> None:
        """Read a layer that takes what the one before makes."""
        kind, config = str(layer.get("class_name")), layer["config"]
        shape = config.get("batch_input_shape", config.get("batch_shape"))
        if shape is not None and self.last == INPUT:
            self.input(shape, layer.span)
        if kind not in ("InputLayer", "Input"):
            (self.last, *_) = self.step(layer, str(config.get("name", "")), [self.last], self.shared)

    def input(self, shape: Any, span: Span, weak: bool = False) -> None:
        """Take the input's shape, (None, 224, 224, 3); a height that is None is not said."""
        sizes = list(shape[1:]) if isinstance(shape, PlacedList) else []
        if self.draft.input or (weak and not sizes):
            return
        if not sizes or any(size is not None and (whole(size) or 0) < 1 for size in sizes):
            self.draft.damaged(_begin(span), "the shape of the input cannot be read")
        self.axes[INPUT] = len(sizes) - 1
        sizes = channels_last(sizes, self.channels_first)
        if None in sizes:
            self.draft.like = "x".join(str(size or letter) for size, letter in zip(sizes, "HWDC", strict=False))
        else:
            self.draft.input = "x".join(map(str, sizes))

    # ---- functional models

    def functional(self, config: Any, tables: list[PlacedTable], given: list[int] | None) -> list[int]:
        """Read the calls of all layers, each when what it takes is there, and return the outputs."""
        inputs = [layer for layer in tables if layer.get("class_name") == "InputLayer"]
        for place, layer in enumerate(inputs):
            entered = self.enter(layer, len(inputs) > 1) if given is None else self.taken(layer, config, given, place)
            self.made[_name_of(layer), 0, 0] = entered
        waiting = [call for layer in tables if layer not in inputs for call in self.calls(layer)]
        while waiting:
            later = [call for call in waiting if not self.call(call)]
            if len(later) == len(waiting):
                self.refuse_call(later[0])
            waiting = later
        return self.outputs(config)

    def enter(self, layer: PlacedTable, several: bool) -> int:
        config, place = layer["config"], _begin(layer.span)
        if several:
            self.draft.input = ""
        self.input(config.get("batch_input_shape", config.get("batch_shape")), layer.span)
        if not several:
            return INPUT
        index = self.draft.enter(_name_of(layer), self.draft.input, place)
        self.axes[index] = self.axes[INPUT]
        return index

    def taken(self, layer: PlacedTable, config: Any, given: list[int], place: int) -> int:
        """Return what a model in another takes as one of its inputs."""
        listed = _rows(config.get("input_layers") if isinstance(config, PlacedTable) else None)
        names = [tensor[0] for tensor in listed]
        place = names.index(_name_of(layer)) if _name_of(layer) in names else place
        if place >= len(given):
            self.draft.damaged(_begin(layer.span), f"this model takes {len(given)} inputs, and has more")
        if given[place] == INPUT and not self.draft.input:
            own = layer["config"]
            self.input(own.get("batch_input_shape", own.get("batch_shape")), layer.span, weak=True)
        return given[place]

    def calls(self, layer: PlacedTable) -> list[LayerCall]:
        """Return the calls of a layer, which takes something in each."""
        nodes = layer.get("inbound_nodes")
        found = [_tensors(node) for node in nodes] if isinstance(nodes, PlacedList) else []
        if not found or not all(found):
            self.draft.damaged(_begin(layer.span), f"the layer {quoted(_name_of(layer))} takes nothing")
        return [LayerCall(layer, number, tuple(node), len(found) > 1) for number, node in enumerate(found)]

    def call(self, call: LayerCall) -> bool:
        """Add a call of a layer; False where something that it takes is not there yet."""
        if not all(tensor in self.made for tensor in call.takes):
            return False
        name = _name_of(call.layer)
        shared = f"{self.shared}_{name}" if self.shared and call.several else name if call.several else self.shared
        made = self.step(call.layer, name, [self.made[tensor] for tensor in call.takes], shared)
        for place, index in enumerate(made):
            self.made[name, call.number, place] = index
        return True

    def refuse_call(self, call: LayerCall) -> NoReturn:
        missing = next(tensor[0] for tensor in call.takes if tensor not in self.made)
        message = f"this layer takes {quoted(missing)}, which no layer in front of it makes"
        self.draft.damaged(_begin(call.layer.span), message)

    def step(self, layer: PlacedTable, name: str, inputs: list[int], shared: str) -> list[int]:
        """Add what a layer does, and return the steps of what it makes; ``shared`` names weights that others have."""
        kind, config, place = str(layer.get("class_name")), layer["config"], _begin(layer.span)
        if kind in _MODELS:
            return _Model(self.draft, self.volumes, shared, self.axes).read(layer, inputs)
        spatial = max(self.spatial(index) for index in inputs)
        if kind in MERGES or (kind == "Merge" and config.get("mode") in OLD_MERGES):
            made = self.merge(layer, MERGES.get(kind) or OLD_MERGES[config["mode"]], inputs, spatial)
        elif kind == SCALED_SUM and len(inputs) == 2:
            made = self.merge(layer, "add", self.second_scaled(layer, inputs, spatial), spatial)
        elif len(inputs) > 1:
            self.draft.refuse(place, f"a {kind} takes one volume, not {len(inputs)}")
        elif is_kept(kind):
            return inputs
        elif (other := self.orders.read(kind, config, inputs[0], layer.span)) is not None:
            made = other
        else:
            written = words_of(self.draft, kind, config, layer.span, Axes(spatial, self.channels_first))
            own = shared if shared in ("", name) else f"{shared}_{name}"
            written = with_weights(written, own) if shared else written
            made = self.draft.add(written, place, inputs, name=name) if written else inputs[0]
        if made not in inputs:
            self.axes[made] = spatial_axes(kind, config, spatial)
        return [made]

    def spatial(self, index: int) -> int:
        """Return how many spatial axes there are in what a step makes."""
        volume = None if index in self.axes else self.volumes.of(index)
        return self.axes.get(index, volume.dimensions if volume else 0)

    def merge(self, layer: PlacedTable, word: str, inputs: list[int], spatial: int) -> int:
        axis, place = layer["config"].get("axis", layer["config"].get("concat_axis", -1)), _begin(layer.span)
        if word == "concat" and not is_of_channels(axis, spatial, self.channels_first):
            self.draft.refuse(place, "only channels are concatenated, along their axis")
        self.orders.check(inputs, place)
        return self.draft.join(word, inputs, place, name=_name_of(layer))

    def second_scaled(self, layer: PlacedTable, inputs: list[int], spatial: int) -> list[int]:
        """Return two inputs, of which the second is multiplied by a constant."""
        settings = KerasLayer(self.draft, SCALED_SUM, layer["config"], layer.span, spatial, Axes(spatial, False))
        factor = settings.decimal("scale", 1.0)
        scaled = self.draft.add(f"times {short(factor)}", _begin(layer.span), inputs[1:])
        self.axes[scaled] = spatial
        return [inputs[0], scaled]

    def outputs(self, config: Any) -> list[int]:
        """Return where the model says that it ends."""
        listed = _rows(config.get("output_layers") if isinstance(config, PlacedTable) else None)
        # Keras counts the making of a model that stands in another as a call, too
        known = [each if each in self.made else (each[0], each[1] - 1, each[2]) for each in listed]
        found = [self.made[tensor] for tensor in known if tensor in self.made]
        self.orders.check(found, Span(0, 1))
        return found if found and len(found) == len(listed) else [self.draft.last]


def _begin(span: Span) -> Span:
    return Span(span.start, span.start + 1)


def _name_of(layer: PlacedTable) -> str:
    return str(layer.get("name", layer["config"].get("name", "")))


def _rows(listed: Any) -> list[Tensor]:
    """Return tensors as a list of names, calls and places: ``["a", 0, 0]`` or ``[["a", 0, 0], ["b", 0, 0]]``."""
    if not isinstance(listed, PlacedList) or not listed:
        return []
    rows = [listed] if isinstance(listed[0], str) else listed
    return [_tensor(row) for row in rows if isinstance(row, PlacedList) and row]


def _tensor(row: PlacedList) -> Tensor:
    call, place = [whole(number, 0) or 0 for number in (*row[1:3], 0, 0)[:2]]
    return str(row[0]), call, place


def _tensors(node: Any) -> list[Tensor]:
    """Return what a call takes, in the notation of Keras 2 or of Keras 3."""
    if isinstance(node, PlacedTable):  # Keras 3: {"args": [{"class_name": "__keras_tensor__", "config": …}]}
        return _histories(node.get("args"))
    if isinstance(node, str):
        return [(node, 0, 0)]
    return _rows(node)


def _histories(value: Any) -> list[Tensor]:
    if isinstance(value, PlacedList):
        return [tensor for each in value for tensor in _histories(each)]
    if isinstance(value, PlacedTable):
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, PlacedTable) else None
        if isinstance(history, PlacedList) and history:
            return [_tensor(history)]
    return []

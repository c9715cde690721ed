"""Models of Keras as ``model.to_json()`` writes them: Sequential and functional, of Keras 2 and 3."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_layers import MERGES, is_kept, words_of
from cnncalc.foreign.literals import Literals, PlacedList, PlacedTable, whole

_HEAD = re.compile(r"\s*\{")
_MARKS = re.compile(r"\"class_name\"\s*:\s*\"(?:Sequential|Functional|Model)\"")


class KerasJson(ForeignFormat):
    """``{"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": …}, …]}}``

    A model of TensorFlow.js (``model.json``) has such a table inside.
    """

    what = "the JSON of a Keras model"

    def recognises(self, source: Source) -> bool:
        return _HEAD.match(source.text) is not None and _MARKS.search(source.text[:200_000]) is not None

    def read(self, source: Source) -> Draft:
        draft = Draft(source, self.what)
        reader = Literals(source)
        model = reader.value()
        for wrapping in ("modelTopology", "model_config"):  # TensorFlow.js puts the model inside
            inner = model.get(wrapping) if isinstance(model, PlacedTable) else None
            model = inner if isinstance(inner, PlacedTable) else model
        reader.space()
        if reader.position < len(source.text):
            reader.fail("the model has ended, and something follows")
        _Model(draft).read(model)
        if not draft.steps:
            draft.damaged(Span(0, 1), "this model has no layers")
        return draft


class _Model:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.made: dict[str, int] = {}
        self.several = False

    def read(self, model: Any) -> None:
        if not isinstance(model, PlacedTable):
            self.draft.damaged(Span(0, 1), "a model is a table")
        kind, config = model.get("class_name"), model.get("config")
        if kind in ("Sequential", "Functional", "Model"):
            layers = config.get("layers") if isinstance(config, PlacedTable) else config  # Keras 1 has a list alone
            if not isinstance(layers, PlacedList):
                self.draft.damaged(model.span, f"this {kind} has no list of layers")
            self.layers(kind, config, layers)
            return
        self.draft.damaged(_begin(model.span), f"a model is Sequential or Functional, not {quoted(kind)}")

    def layers(self, kind: str, config: Any, layers: PlacedList) -> None:
        if kind == "Sequential":
            if isinstance(config, PlacedTable) and not self.draft.input:
                self.input(config.get("build_input_shape"), layers.span, weak=True)
            for layer in layers:
                self.sequential(self.table(layer, layers))
            return
        tables = [self.table(layer, layers) for layer in layers]
        self.several = [layer.get("class_name") for layer in tables].count("InputLayer") > 1
        for layer in tables:
            self.functional(layer)
        self.outputs(config)

    def table(self, layer: Any, layers: PlacedList) -> PlacedTable:
        if not isinstance(layer, PlacedTable) or not isinstance(layer.get("config"), PlacedTable):
            self.draft.damaged(_begin(layers.span), "a layer is a table with a `config`")
        return layer

    def sequential(self, layer: PlacedTable) -> None:
        """Read a layer that takes what the one before makes."""
        kind, config = str(layer.get("class_name")), layer["config"]
        shape = config.get("batch_input_shape", config.get("batch_shape"))
        if shape is not None:
            self.input(shape, layer.span)
        if kind in ("InputLayer", "Input"):
            return
        if kind in ("Sequential", "Functional", "Model"):
            self.read(layer)
            return
        written = words_of(self.draft, kind, config, layer.span)
        if written:
            self.draft.add(written, _begin(layer.span), name=str(config.get("name", "")))

    def input(self, shape: Any, span: Span, weak: bool = False) -> None:
        """Take the input's shape, (None, 224, 224, 3); a height that is None is not said."""
        sizes = list(shape[1:]) if isinstance(shape, PlacedList) else []
        if self.draft.input or (weak and not sizes):
            return
        if not sizes or any(size is not None and (whole(size) or 0) < 1 for size in sizes):
            self.draft.damaged(_begin(span), "the shape of the input cannot be read")
        if None in sizes:
            self.draft.like = "x".join(str(size or letter) for size, letter in zip(sizes, "HWDC", strict=False))
        else:
            self.draft.input = "x".join(map(str, sizes))

    def functional(self, layer: PlacedTable) -> None:
        kind, config = str(layer.get("class_name")), layer["config"]
        name = str(layer.get("name", config.get("name", "")))
        if kind == "InputLayer":
            self.draft.input = ""
            self.input(config.get("batch_input_shape", config.get("batch_shape")), layer.span)
            place = _begin(layer.span)
            self.made[name] = self.draft.enter(name, self.draft.input, place) if self.several else INPUT
            return
        if isinstance(layer.get("inbound_nodes"), PlacedList) and len(layer["inbound_nodes"]) > 1:
            message = f"the layer {quoted(name)} is called several times with the same weights, which is not read"
            self.draft.refuse(_begin(layer.span), message)
        inputs = [self.index(each, layer) for each in _names(layer.get("inbound_nodes"))]
        if not inputs:
            self.draft.damaged(_begin(layer.span), f"the layer {quoted(name)} takes nothing")
        self.made[name] = self.step(kind, config, name, inputs, layer.span)

    def step(self, kind: str, config: PlacedTable, name: str, inputs: list[int], span: Span) -> int:
        place = _begin(span)
        if kind in MERGES:
            if kind == "Concatenate" and config.get("axis", -1) not in (-1, 3):
                self.draft.refuse(place, "only channels are concatenated, along the last axis")
            return self.draft.join(MERGES[kind], inputs, place, name=name)
        if len(inputs) > 1:
            self.draft.refuse(place, f"{kind} with several inputs: one layer that is called several times is not read")
        if is_kept(kind):
            return inputs[0]
        if kind in ("Sequential", "Functional", "Model"):
            self.draft.refuse(place, "a model inside a functional model is not read; write its layers out")
        written = words_of(self.draft, kind, config, span)
        return self.draft.add(written, place, inputs, name=name) if written else inputs[0]

    def index(self, name: str, layer: PlacedTable) -> int:
        if name not in self.made:
            message = f"this layer takes {quoted(name)}, which no layer in front of it makes"
            self.draft.damaged(_begin(layer.span), message)
        return self.made[name]

    def outputs(self, config: Any) -> None:
        """Let the network end where the model says."""
        listed = config.get("output_layers") if isinstance(config, PlacedTable) else None
        if not isinstance(listed, PlacedList) or not listed:
            return
        rows = [listed] if isinstance(listed[0], str) else listed
        names = [str(row[0]) if isinstance(row, PlacedList) and row else "" for row in rows]
        found = [self.made[name] for name in names if name in self.made]
        if len(found) == len(names) and found != [self.draft.last]:
            self.draft.outputs = [index for index in found if index != INPUT]


def _begin(span: Span) -> Span:
    return Span(span.start, span.start + 1)


def _names(nodes: Any) -> list[str]:
    """Return the names of the layers that a layer takes, in the notation of Keras 2 or of Keras 3."""
    if not isinstance(nodes, PlacedList) or not nodes:
        return []
    first = nodes[0]
    if isinstance(
        first, PlacedTable
    ):  # Keras 3: {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": …}}]}
        return list(_histories(first.get("args")))
    if isinstance(first, PlacedList):
        rows = [first] if first and isinstance(first[0], str) else first
        return [str(row[0]) for row in rows if isinstance(row, PlacedList) and row]
    return [str(first)] if isinstance(first, str) else []


def _histories(value: Any) -> list[str]:
    if isinstance(value, PlacedList):
        return [name for each in value for name in _histories(each)]
    if isinstance(value, PlacedTable):
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, PlacedTable) else None
        if isinstance(history, PlacedList) and history:
            return [str(history[0])]
    return []

"""Networks of ConvNetJS, the lectures' demo: ``layer_defs`` as JavaScript, and the JSON of a saved network."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import Draft, damaged, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.literals import Literals, PlacedList, PlacedTable, whole

_PUSH = re.compile(r"layer_defs\s*\.\s*push\s*\(")
_ASSIGN = re.compile(r"layer_defs\s*=\s*(?=\[\s*\{)")
_SAVED = re.compile(r"\s*\{\s*\"layers\"\s*:\s*\[\s*\{")
_KIND = re.compile(r"\"layer_type\"\s*:")
_COMMENT = re.compile(r"//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*\*/")

_KINDS = (
    "input",
    "conv",
    "pool",
    "fc",
    "relu",
    "sigmoid",
    "tanh",
    "maxout",
    "dropout",
    "lrn",
    "softmax",
    "regression",
    "svm",
)


class ConvNetJS(ForeignFormat):
    """``layer_defs.push({type:'conv', sx:5, filters:16, stride:1, pad:2, activation:'relu'});``

    A convolution and a pool of ConvNetJS round down, and a pool has stride 2 where none is written. A softmax or an svm
    brings its own fully connected layer.
    """

    what = "layers of ConvNetJS"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        if _SAVED.match(head):
            return _KIND.search(head) is not None
        return _PUSH.search(head) is not None or _ASSIGN.search(head) is not None

    def read(self, draft: Draft) -> None:
        if _SAVED.match(draft.source.text):
            _saved(draft)
        else:
            for number, layer in enumerate(_definitions(draft.source)):
                _defined(draft, layer, number)
        if not draft.input:
            draft.damaged(Span(0, 1), "no layer of the type `input` states the input volume")


def _definitions(source: Source) -> list[PlacedTable]:
    """Return the tables that are pushed, or that stand in one list."""
    comments = [match.span() for match in _COMMENT.finditer(source.text)]
    found: list[tuple[Any, int]] = []
    if listed := _ASSIGN.search(source.text):
        found.extend([(each, listed.start()) for each in Literals(source, listed.end()).value()])
    for match in _PUSH.finditer(source.text):
        if not any(start <= match.start() < end for start, end in comments):
            reader = Literals(source, match.end())
            found.append((reader.value(), match.start()))
            if not reader.take(")"):
                reader.fail("`)` should close this call")
    for each, start in found:
        if not isinstance(each, PlacedTable):
            damaged(source, Span(start, start + 1), "a layer is a table, {type: 'conv', …}")
    return [each for each, _ in found]


def _number(draft: Draft, layer: PlacedTable, key: str, usual: int | None = None) -> int:
    found = whole(layer.get(key), usual)
    if found is None:
        what = (
            f"{key} is {quoted(layer[key])}, which is not a whole number"
            if key in layer
            else f"it has no {quoted(key)}"
        )
        draft.damaged(layer.span, f"this layer cannot be read: {what}")
    return found


def _size(draft: Draft, layer: PlacedTable, stride: int) -> tuple[str, str]:
    """Return the window and the options of a convolution or a pool."""
    wide = _number(draft, layer, "sx")
    high = _number(draft, layer, "sy", wide)
    step, pad = _number(draft, layer, "stride", stride), _number(draft, layer, "pad", 0)
    return f"{high}x{wide}", (f" s{step}" if step != 1 or stride != 1 else "") + (f" p{pad}" if pad else "")


def _defined(draft: Draft, layer: PlacedTable, number: int) -> None:
    """Read one of the ``layer_defs``, with the layers that it brings along."""
    kind, span = str(layer.get("type", "")), layer.span
    if (kind == "input") != (number == 0):
        draft.damaged(span, "the first layer, and no other, is the input")
    if kind == "input":
        sizes = [_number(draft, layer, key) for key in ("out_sx", "out_sy", "out_depth")]
        draft.input = f"{sizes[1]}x{sizes[0]}x{sizes[2]}"
        return
    layers = _layers(draft, kind, layer)
    activation = layer.get("activation")
    if activation is not None:
        layers.append(_activation(draft, str(activation), layer))
    if "drop_prob" in layer and kind != "dropout":
        layers.append(_dropout(draft, layer))
    if layers:
        draft.add(layers, span)


def _layers(draft: Draft, kind: str, layer: PlacedTable) -> list[str]:
    if kind == "conv":
        window, options = _size(draft, layer, 1)
        return [f"conv {window}x{_number(draft, layer, 'filters')}{options}"]
    if kind == "pool":
        window, options = _size(draft, layer, 2)
        return [f"maxpool {window}{options}"]
    if kind == "fc":
        return [f"fc {_number(draft, layer, 'num_neurons')}"]
    if kind in ("softmax", "svm"):
        return [f"fc {_number(draft, layer, 'num_classes')}", *(["softmax"] if kind == "softmax" else [])]
    if kind == "regression":
        return [f"fc {_number(draft, layer, 'num_neurons')}"]
    if kind in ("relu", "sigmoid", "tanh", "maxout"):
        return [_activation(draft, kind, layer)]
    if kind == "dropout":
        return [_dropout(draft, layer)]
    if kind == "lrn":
        return [f"lrn {_number(draft, layer, 'n')}"]
    message = f"ConvNetJS has no layer of the type {quoted(kind)}" if kind else "this layer has no type"
    draft.damaged(layer.span, message, hints=did_you_mean(kind, _KINDS))


def _activation(draft: Draft, kind: str, layer: PlacedTable) -> str:
    if kind in ("relu", "sigmoid", "tanh"):
        return kind
    if kind == "maxout":
        return f"maxout {_number(draft, layer, 'group_size', 2)}"
    hints = did_you_mean(kind, ("relu", "sigmoid", "tanh", "maxout"))
    draft.damaged(layer.span, f"ConvNetJS has no activation {quoted(kind)}", hints=hints)


def _dropout(draft: Draft, layer: PlacedTable) -> str:
    rate = layer.get("drop_prob", 0.5)
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        draft.damaged(layer.span, "a dropout's rate is between 0 and 1")
    return f"dropout {round(float(rate), 4):g}"


def _saved(draft: Draft) -> None:
    """Read the JSON of ``net.toJSON()``, which states the volume of every layer; its weights are passed over."""
    net = Literals(draft.source).value()
    layers = net.get("layers")
    if not isinstance(layers, PlacedList):
        draft.damaged(net.span, "this network has no list of layers")
    for number, layer in enumerate(layers):
        if not isinstance(layer, PlacedTable):
            draft.damaged(layers.span, "a layer is a table")
        kind, span = str(layer.get("layer_type", "")), layer.span
        sizes = [_number(draft, layer, key) for key in ("out_sy", "out_sx", "out_depth")]
        volume = "x".join(map(str, sizes))
        if (kind == "input") != (number == 0):
            draft.damaged(span, "the first layer, and no other, is the input")
        if kind == "input":
            draft.input = volume
            continue
        draft.add(_saved_layer(draft, kind, layer, sizes[2]), Span(span.start, span.start + 1), claim=volume)


def _saved_layer(draft: Draft, kind: str, layer: PlacedTable, depth: int) -> str:
    if kind == "conv":
        window, options = _size(draft, layer, 1)
        return f"conv {window}x{depth}{options}"
    if kind == "fc":
        return f"fc {depth}"
    if kind in ("softmax", "svm", "regression"):  # its fully connected layer is a layer of its own here
        return "softmax" if kind == "softmax" else "identity"
    return _layers(draft, kind, layer)[0]

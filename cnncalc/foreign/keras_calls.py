"""Models of Keras as Python code: Sequential, `model.add`, and layers that are called. Parsed with `ast`, never run."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Any

from cnncalc.core.limits import MAX_NESTING
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_axes import Axes, channels_last, spatial_axes
from cnncalc.foreign.keras_layers import MERGES, is_kept, words_of
from cnncalc.foreign.keras_orders import KerasOrders
from cnncalc.foreign.literals import PlacedList, PlacedTable, whole
from cnncalc.foreign.python_values import PythonText
from cnncalc.foreign.shared_weights import with_weights

_LAYER = r"(?:Conv[123]D|SeparableConv2D|DepthwiseConv2D|MaxPooling[123]D|MaxPool2D|Dense|GlobalAveragePooling[12]D)"
_MODEL = r"\b(?:keras|models|layers)\.(?:Input|Model|Sequential)"
_MARKS = re.compile(rf"(?:\b(?:(?:layers|keras|L)\.)?{_LAYER}|{_MODEL})\s*\(")
_BEGINS = re.compile(
    r"(?:\s|#[^\n]*\n|\"\"\"[^\"]*\"\"\")*(?:import\s+\w|from\s+[\w.]+\s+import|(?:class|def)\s+\w+|[\[(\s]*[\w.]+\s*(?:=(?!>)|\())"
)
_SIZED = ("filters", "kernel_size", "strides", "padding")
_POSITIONAL = {
    "Conv": _SIZED,
    "SeparableConv": _SIZED,
    "ConvTranspose": _SIZED,
    "DepthwiseConv": ("kernel_size", "strides", "padding"),
    "MaxPooling": ("pool_size", "strides", "padding"),
    "MaxPool": ("pool_size", "strides", "padding"),
    "AveragePooling": ("pool_size", "strides", "padding"),
    "AvgPool": ("pool_size", "strides", "padding"),
    "UpSampling": ("size",),
    "ZeroPadding": ("padding",),
    "Cropping": ("cropping",),
    "Dense": ("units", "activation"),
    "Dropout": ("rate",),
    "SpatialDropout": ("rate",),
    "Activation": ("activation",),
    "Reshape": ("target_shape",),
    "Permute": ("dims",),
    "Rescaling": ("scale", "offset"),
    "LeakyReLU": ("negative_slope",),
    "ReLU": ("max_value",),
    "GroupNormalization": ("groups",),
    "Concatenate": ("axis",),
    "Input": ("shape",),
    "InputLayer": ("shape",),
}
"""What a layer's arguments without a name are, without the layer's number of dimensions."""
_FUNCTIONS = {name.lower(): name for name in MERGES}
"""Functions that join volumes: ``layers.add([x, y])``."""


class KerasCalls(ForeignFormat):
    """``keras.Sequential([layers.Conv2D(32, 3, activation="relu"), …])``, or ``x = layers.Conv2D(32, 3)(x)``."""

    what = "Keras calls"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return _MARKS.search(head) is not None and _BEGINS.match(head) is not None

    def read(self, draft: Draft) -> None:
        _Program(draft, PythonText(draft.source)).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "there is no layer in these calls")


class _Program:
    """The statements of a text; a name stands for a value, for a layer that is not yet called, or for a step."""

    def __init__(self, draft: Draft, python: PythonText) -> None:
        self.draft = draft
        self.volumes = DraftVolumes(draft)
        self.orders = KerasOrders(draft, self.volumes)
        self.python = python
        self.steps: dict[str, int] = {}
        self.layers: dict[str, ast.Call] = {}
        self.lists: dict[str, ast.expr] = {}
        self.axes: dict[int, int] = {INPUT: 0}
        """How many spatial axes there are in what each step makes."""
        self.channels_first = "channels_first" in python.source.text
        calls = [node for each in python.statements for node in ast.walk(each) if isinstance(node, ast.Call)]
        self.inputs = len([node for node in calls if _name(node) == "Input"])
        self.times = Counter([node.func.id for node in calls if isinstance(node.func, ast.Name)])

    def read(self) -> None:
        self.statements(self.python.statements)

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.FunctionDef) and not ast.unparse(statement.args) and not self.draft.steps:
                self.statements(statement.body)  # a function that only builds the model
            elif isinstance(statement, ast.FunctionDef) and self.draft.steps and not self.times[statement.name]:
                continue  # nothing here calls it, as what loads the weights
            elif isinstance(statement, ast.Return) and isinstance(statement.value, ast.Call):
                self.model(statement.value)
            elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self.assign(statement.targets[0], statement.value)
            elif isinstance(statement, ast.Expr):
                self.expression(statement.value)
            elif not isinstance(statement, ast.Import | ast.ImportFrom):
                message = "this statement would have to be run; layers, values and imports are read"
                self.draft.refuse(self.python.span(statement), message)

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            self.draft.refuse(self.python.span(target), "only a name is given a layer or a value")
        if isinstance(value, ast.List | ast.Tuple) and any(isinstance(each, ast.Call) for each in ast.walk(value)):
            self.lists[target.id] = value
        elif not isinstance(value, ast.Call):
            self.python.names[target.id] = self.python.value(value)
        elif _name(value) == "Model" and not isinstance(value.func, ast.Call):
            self.model(value)
        elif _name(value) == "Sequential":
            self.expression(value)
        elif isinstance(value.func, ast.Call | ast.Name) or _name(value) in ("Input", *_FUNCTIONS):
            self.assign_step(target.id, value)
        else:
            self.layers[target.id] = value

    def assign_step(self, name: str, value: ast.Call) -> None:
        """Take ``x = layer(x)``; ``conv = Conv2D(…)`` is a layer that is called later."""
        called = isinstance(value.func, ast.Name) and value.func.id not in self.layers
        if called and _name(value) not in ("Input", *_FUNCTIONS):
            self.layers[name] = value
        else:
            self.steps[name] = self.step(value)

    def model(self, call: ast.Call) -> None:
        """Take ``keras.Model(inputs, outputs)``: the network ends at its outputs."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        outputs = keywords.get("outputs", call.args[1] if len(call.args) > 1 else None)
        nodes = outputs.elts if isinstance(outputs, ast.List | ast.Tuple) else [outputs] if outputs else []
        found = [index for node in nodes if (index := self.step(node)) != INPUT]
        self.orders.check(found, self.python.span(call))
        self.draft.outputs = [] if found == [self.draft.last] else found

    def expression(self, node: ast.expr) -> None:
        """Take what stands alone: a Sequential, ``model.add(…)``, layers in a row."""
        if isinstance(node, ast.List | ast.Tuple):
            for each in node.elts:
                self.expression(each)
        elif isinstance(node, ast.Name) and node.id in self.lists:
            self.expression(self.lists[node.id])
        elif isinstance(node, ast.Call):
            self.call(node)
        elif not isinstance(node, ast.Constant):
            self.draft.refuse(self.python.span(node), f"{quoted(ast.unparse(node))} is not a layer of Keras")

    def call(self, node: ast.Call) -> None:
        name = _name(node)
        if name == "Sequential":
            for each in [*node.args, *[keyword.value for keyword in node.keywords if keyword.arg == "layers"]]:
                self.expression(each)
        elif name == "add" and len(node.args) == 1 and not isinstance(node.args[0], ast.List):
            self.expression(node.args[0])
        elif name in ("compile", "fit", "summary", "build", "evaluate", "print"):
            return
        elif isinstance(node.func, ast.Call):
            self.step(node)
        else:
            self.layer(node, [self.draft.last])

    def step(self, node: ast.expr, depth: int = 0) -> int:
        """Return the step that an expression makes: a name, or a layer that is called."""
        if depth > MAX_NESTING:
            self.draft.exceed(self.python.span(node), f"calls nest at most {MAX_NESTING} deep", "too-deep")
        if isinstance(node, ast.Name) and node.id in self.steps:
            return self.steps[node.id]
        if not isinstance(node, ast.Call):
            message = f"{quoted(ast.unparse(node))} is not a volume that a layer makes"
            self.draft.refuse(self.python.span(node), message, hints=did_you_mean(ast.unparse(node), self.steps))
        if _name(node) == "Input":
            return self.entering(node)
        if _name(node) in _FUNCTIONS and not isinstance(node.func, ast.Call):
            return self.join(node, _FUNCTIONS[_name(node)], node.args[:1], depth)
        layer = node.func if isinstance(node.func, ast.Call) else self.layers.get(_name(node))
        if layer is None or len(node.args) != 1:
            self.draft.refuse(
                self.python.span(node), f"{quoted(_name(node))} is not a layer that is called with a volume"
            )
        if _name(layer) in MERGES:
            return self.join(layer, _name(layer), node.args, depth)
        shared = _name(node) if isinstance(node.func, ast.Name) and self.times[_name(node)] > 1 else ""
        return self.layer(layer, [self.step(node.args[0], depth + 1)], shared)

    def entering(self, node: ast.Call) -> int:
        """Return the step of an input; where it is the only one, that is none."""
        self.draft.input = ""
        config, span = self.configuration(node, "Input"), self.python.span(node)
        self.input(config.get("shape"), span)
        if self.inputs < 2:
            return INPUT
        name = str(config.get("name", "")) or f"input{self.draft.last + 1}"
        index = self.draft.enter(name, self.draft.input, span)
        self.axes[index] = self.axes[INPUT]
        return index

    def join(self, layer: ast.Call, kind: str, given: list[ast.expr], depth: int) -> int:
        volumes = given[0].elts if given and isinstance(given[0], ast.List | ast.Tuple) else []
        if len(volumes) < 2:
            self.draft.damaged(self.python.span(layer), f"{kind} takes a list of two volumes or more")
        inputs = [self.step(each, depth + 1) for each in volumes]
        self.orders.check(inputs, self.python.span(layer))
        index = self.draft.join(MERGES[kind], inputs, self.python.span(layer))
        self.axes[index] = max(self.axes.get(each, 0) for each in inputs)
        return index

    def layer(self, node: ast.Call, inputs: list[int], shared: str = "") -> int:
        """Add a layer and return its step; ``shared`` is the name of one that is called several times."""
        kind, span = _name(node), self.python.span(node)
        config = self.configuration(node, kind)
        shape = config.get("shape", config.get("input_shape"))
        if shape is not None and not self.draft.steps:
            self.input(shape, span)
        if kind in ("Input", "InputLayer") or is_kept(kind):
            return inputs[0] if inputs else INPUT
        spatial = self.axes.get(inputs[0], 0)
        if (other := self.orders.read(kind, config, inputs[0], span)) is not None:
            index = other
        else:
            words = words_of(self.draft, kind, config, span, Axes(spatial, self.channels_first))
            words = with_weights(words, shared) if shared else words
            if not words:
                return inputs[0]
            index = self.draft.add(words, span, inputs, name=str(config.get("name", "")))
        self.axes[index] = spatial_axes(kind, config, spatial)
        return index

    def configuration(self, node: ast.Call, kind: str) -> PlacedTable:
        """Return a layer's arguments as `model.to_json()` would name them."""
        names = _POSITIONAL.get(re.sub(r"[123]D", "", kind), ())
        if len(node.args) > len(names):
            self.draft.refuse(
                self.python.span(node), f"{kind} takes at most {len(names)} arguments without a name here"
            )
        config = PlacedTable()
        for name, value in zip(names, node.args, strict=False):
            config[name] = self.value(value, name)
        for keyword in node.keywords:
            if keyword.arg and not keyword.arg.endswith(("_initializer", "_regularizer", "_constraint")):
                config[keyword.arg] = self.value(keyword.value, keyword.arg)
        return config

    def value(self, node: ast.expr, name: str) -> Any:
        if name == "activation" and isinstance(node, ast.Attribute):  # tf.nn.relu
            return node.attr
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return node.value
        return _listed(self.python.value(node))

    def input(self, shape: Any, span: Span) -> None:
        sizes = [whole(size) if size is not None else None for size in shape] if isinstance(shape, PlacedList) else []
        if not sizes or any(size is not None and size < 1 for size in sizes):
            self.draft.damaged(span, "the shape of the input is a tuple such as (28, 28, 1)")
        self.axes[INPUT] = len(sizes) - 1
        sizes = channels_last(sizes, self.channels_first)
        if None in sizes:
            self.draft.like = "x".join(str(size or letter) for size, letter in zip(sizes, "HWDC", strict=False))
        else:
            self.draft.input = "x".join(map(str, sizes))


def _name(node: ast.Call) -> str:
    """Return the last name of what is called: ``Conv2D`` of ``tf.keras.layers.Conv2D(…)``."""
    function = node.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _listed(value: Any) -> Any:
    return PlacedList(map(_listed, value)) if isinstance(value, tuple) else value

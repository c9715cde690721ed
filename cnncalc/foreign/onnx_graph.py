"""ONNX: the graph of a model file, whatever program has written it. Its weights are not needed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.onnx_compositions import COMPOSITIONS
from cnncalc.foreign.onnx_layouts import FIRST
from cnncalc.foreign.onnx_node import SIDE, OnnxNode
from cnncalc.foreign.onnx_operators import OPERATORS
from cnncalc.foreign.onnx_patterns import fused
from cnncalc.foreign.onnx_sharing import share

_BEGIN = '{"onnx": '
_PASSED = ("Identity", "Cast", "Dropout")


class OnnxModel(ForeignFormat):
    """The listing of an ONNX file (`onnx_listing`): tensors, volumes and nodes, one a line."""

    what = "an ONNX model"

    def recognises(self, source: Source) -> bool:
        return source.text.startswith(_BEGIN)

    def read(self, draft: Draft) -> None:
        draft.names_all = False
        graph = _Graph(draft)
        try:
            graph.read()
        except SpecError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError):  # no such attributes
            draft.damaged(graph.at, "this line of the graph is damaged")
        if not draft.steps:
            draft.damaged(Span(0, 1), "this graph has no layers")


class _Graph:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.shapes: dict[str, list[int]] = {}
        self.values: dict[str, list[float]] = {}
        self.volumes: dict[str, Volume] = {}
        self.ranks: dict[str, int] = {}
        self.made: dict[str, int] = {}
        self.origins: dict[str, str] = {}  # the stored tensors that others are made of
        self.stored: defaultdict[int, list[str]] = defaultdict(list)  # those that each step reads
        self.side: set[str] = set()
        self.layouts: dict[str, str | int] = {}
        self.ends: list[str] = []
        self.at = Span(0, 1)

    def read(self) -> None:
        entries = _entries(self.draft.source.text)
        self.several = _inputs_of(entries) > 1
        self.readers = Counter([name for entry in entries for name in entry.get("inputs", ())])
        for entry in fused(entries, COMPOSITIONS):
            self.at = span = entry["span"]
            if "node" in entry:
                self.node(entry, span)
            elif "tensor" in entry:
                self.tensor(entry["tensor"], entry)
            elif "input" in entry:
                self.input(entry["input"], span)
            elif "output" in entry:
                self.ends.append(entry["output"]["name"])
                self.volume(entry["output"])
            elif "volume" in entry:
                self.volume(entry["volume"])
        self.finish()

    def tensor(self, name: str, entry: dict[str, Any]) -> None:
        self.shapes[name] = entry["shape"]
        if "values" in entry:
            self.values[name] = entry["values"]

    def input(self, entry: dict[str, Any], span: Span) -> None:
        name, shape = entry["name"], entry["shape"]
        if name in self.shapes:  # older files list their weights among the inputs
            return
        if not shape or len(shape) < 2:
            self.draft.refuse(span, f"the input {quoted(name)} is not images with their channels")
        sizes = [*shape[2:], shape[1]]
        if None in sizes:
            letters = {1: "L", 2: "HW", 3: "DHW"}.get(len(shape) - 2, "N" * (len(shape) - 2))
            self.draft.like = "x".join(str(size or letter) for size, letter in zip(sizes, f"{letters}C", strict=True))
        volume = "" if None in sizes else "x".join(map(str, sizes))
        self.draft.input = volume
        self.made[name] = self.draft.enter(name, volume, span) if self.several else INPUT
        self.ranks[name] = len(shape)

    def volume(self, entry: dict[str, Any]) -> None:
        name, shape = entry["name"], entry["shape"]
        if shape:
            self.ranks[name] = len(shape)
        if shape and len(shape) >= 2 and all(isinstance(size, int) and size > 0 for size in shape[1:]):
            self.volumes[name] = Volume.of(shape[2:], shape[1])

    def node(self, entry: dict[str, Any], span: Span) -> None:
        kind, outputs = entry["node"], entry["outputs"]
        inputs = entry["inputs"]
        if kind == "Constant":
            value = entry["attributes"].get("value")
            value = value if isinstance(value, dict) else _constant(entry["attributes"])
            self.tensor(outputs[0], value)
            return
        flowing = [name for name in inputs if name in self.made]
        if not flowing:
            self.side.update(outputs)
            self.fold(kind, entry, inputs, outputs)
            return
        if kind in SIDE:
            self.side.update(outputs)
            self.sizes(kind, entry["attributes"], flowing[0], outputs[0])
            return
        if kind in _PASSED:
            self.made[outputs[0]] = self.made[flowing[0]]
            self.ranks[outputs[0]] = self.ranks.get(flowing[0], 4)
            self.layouts[outputs[0]] = self.layouts.get(flowing[0], FIRST)
            return
        if any(isinstance(self.layouts.get(name), int) for name in flowing) and kind not in ("Reshape", "Transpose"):
            self.draft.refuse(span, f"this {kind} cannot be said: its input has its channels separated into groups")
        if kind not in OPERATORS:
            hints = did_you_mean(kind, OPERATORS)
            self.draft.refuse(span, f"a spec has no word for ONNX's operator {quoted(kind)}", hints=hints)
        before = self.draft.last
        node = OnnxNode(self.draft, kind, entry["attributes"], inputs, outputs, span)
        node.shapes, node.values, node.made, node.ranks = self.shapes, self.values, self.made, self.ranks
        node.volumes, node.layouts, node.readers = self.volumes, self.layouts, self.readers
        made = OPERATORS[kind](node)
        self.stored[made] += [self.origins.get(name, name) for name in inputs if name in self.shapes]
        self.name(entry, made, outputs, before)

    def sizes(self, kind: str, attributes: dict[str, Any], name: str, output: str) -> None:
        """Note the sizes of a volume that are asked for; the number of images is not known, and is 0 here."""
        volume = self.volumes.get(name)
        if volume is None and self.made[name] == INPUT:
            volume = DraftVolumes(self.draft).of(INPUT)
        if kind == "Shape" and volume is not None and self.layouts.get(name, FIRST) == FIRST:
            found = [0, volume.channels, *volume.spatial]
            if len(found) == self.ranks.get(name):
                self.values[output] = [
                    float(size) for size in found[attributes.get("start", 0) : attributes.get("end")]
                ]

    def name(self, entry: dict[str, Any], made: int, outputs: Sequence[str], before: int) -> None:
        if len(outputs) == 1 or outputs[0] not in self.made:
            self.made[outputs[0]] = made
        flowing = next(name for name in entry["inputs"] if name in self.made)
        for output in outputs:
            self.ranks.setdefault(output, self.ranks.get(flowing, 4))
            self.layouts.setdefault(output, self.layouts.get(flowing, FIRST))
        if self.draft.last <= before:
            return
        claim = self.volumes.get(outputs[0])
        if claim is not None and len(outputs) == 1 and self.layouts[outputs[0]] == FIRST:
            text = str(claim) if claim.spatial else str(claim.channels)
            self.draft.amend(claim=text)
        self.draft.amend(name=entry["name"] or outputs[0])

    def fold(self, kind: str, entry: dict[str, Any], inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Work out a constant that is made of constants, where it is a matter of shape."""
        first = inputs[0] if inputs else ""
        if kind in ("Identity", "Cast", "Unsqueeze", "Squeeze", "Reshape") and first in self.shapes:
            self.shapes[outputs[0]] = self.reshaped(kind, entry, inputs)
            self.origins[outputs[0]] = self.origins.get(first, first)
            if first in self.values:
                self.values[outputs[0]] = self.values[first]
        elif kind == "Transpose" and first in self.shapes:
            self.shapes[outputs[0]] = self.shapes[first][::-1]
            self.origins[outputs[0]] = self.origins.get(first, first)
        elif kind == "Concat" and all(name in self.values for name in inputs):
            joined = [value for name in inputs for value in self.values[name]]
            self.values[outputs[0]], self.shapes[outputs[0]] = joined, [len(joined)]
        elif kind == "ConstantOfShape" and first in self.values:
            shape = [int(value) for value in self.values[first]]
            self.shapes[outputs[0]] = shape
            if 0 <= prod(shape) <= 32:
                self.values[outputs[0]] = [0.0] * prod(shape)

    def reshaped(self, kind: str, entry: dict[str, Any], inputs: Sequence[str]) -> list[int]:
        """Return the shape of a stored tensor behind a Reshape or an Unsqueeze."""
        shape = self.shapes[inputs[0]]
        stored = self.values.get(inputs[1]) if len(inputs) > 1 else entry["attributes"].get("axes")
        numbers = [int(value) for value in stored or ()]
        if kind == "Unsqueeze":
            rank = len(shape) + len(numbers)
            axes, left_over = {axis % rank for axis in numbers}, iter(shape)
            return [1 if axis in axes else next(left_over) for axis in range(rank)]
        if kind != "Reshape" or not numbers:
            return shape
        sizes = [shape[place] if size == 0 else size for place, size in enumerate(numbers)]
        left = prod(shape) // max(1, prod([size for size in sizes if size > 0]))
        return [left if size == -1 else size for size in sizes]

    def finish(self) -> None:
        found = [self.made[name] for name in self.ends if name in self.made]
        found = [index for index in dict.fromkeys(found) if index != INPUT]
        if found and found != [self.draft.last]:
            self.draft.outputs = found
        share(self.draft, self.stored)


def _entries(text: str) -> list[dict[str, Any]]:
    """Return the lines of a listing, each with its place."""
    entries, at = [], 0
    for line in text.splitlines():
        entries.append({**json.loads(line), "span": Span(at, at + len(line))})
        at += len(line) + 1
    return entries


def _inputs_of(entries: Sequence[dict[str, Any]]) -> int:
    """Count the inputs that are no weights, as older files list among them."""
    weights = {entry["tensor"] for entry in entries if "tensor" in entry}
    return len([entry for entry in entries if "input" in entry and entry["input"]["name"] not in weights])


def _constant(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the tensor of a Constant that is written as numbers."""
    for name in ("value_float", "value_int"):
        if name in attributes:
            return {"shape": [], "values": [attributes[name]]}
    for name in ("value_floats", "value_ints"):
        if name in attributes:
            values = attributes[name]
            return {"shape": [len(values)], "values": values}
    return {"shape": []}

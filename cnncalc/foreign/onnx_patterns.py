"""Several nodes of ONNX that are one layer, as exporters write what their opset has no operator for.

A pattern is the expression that the nodes compute, from its last node back: ``("Mul", "x", ("Sigmoid", "x"))``. A name
stands for any tensor, and for the same one wherever it stands again; a number for a stored tensor of that one value.
What matches becomes a single node of the operator that ONNX has, or has since, for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Entry = dict[str, Any]
"""A line of a listing: a node, or a tensor."""

Part = str | float | tuple[Any, ...]
"""A name, a number, or an operator with what it takes."""

Names = dict[str, str]
"""The tensor for which each name of a pattern stands."""

_SWAPPED = frozenset(("Add", "Mul", "Max", "Min"))
"""Operators whose two operands may stand in either order."""


class Pattern(NamedTuple):
    """An expression, and the node that stands for it.

    Attributes:
        part: the expression.
        kind: the operator of the node.
        inputs: the names of the expression that the node takes.
        attributes: its attributes, from what was found; None where the nodes compute something else.

    """

    part: tuple[Any, ...]
    kind: str
    inputs: tuple[str, ...]
    attributes: Callable[[MatchedNodes], Mapping[str, Any] | None]


class MatchedNodes:
    """What an expression was found to be: the tensors of its names, and its nodes."""

    def __init__(self, graph: _Nodes, names: Mapping[str, str], nodes: Sequence[int]) -> None:
        self.graph = graph
        self.names = names
        self.nodes = nodes

    def numbers(self, name: str) -> list[float] | None:
        """Return the values of a small stored tensor."""
        return self.graph.values.get(self.names[name])

    def number(self, name: str) -> float | None:
        """Return the value of a stored tensor that has one."""
        values = self.numbers(name) or ()
        return values[0] if len(values) == 1 else None

    def shape(self, name: str) -> list[int] | None:
        """Return the shape of a stored tensor."""
        return self.graph.shapes.get(self.names[name])

    @property
    def call(self) -> str:
        """The call of PyTorch that the last node comes from, where the file says that."""
        return str(self.graph.entries[self.nodes[0]].get("call", ""))

    def volume(self, name: str) -> list[int] | None:
        """Return the sizes of an image of a tensor, without the batch; None where the file does not say them all."""
        shape = self.graph.volumes.get(self.names[name]) or ()
        sizes = [size for size in shape[1:] if isinstance(size, int)]
        return sizes if sizes and len(sizes) == len(shape) - 1 else None

    def attributes(self, kind: str) -> Entry:
        """Return the attributes of the first node of an operator."""
        entries = [self.graph.entries[at] for at in self.nodes]
        found: Entry = next(entry["attributes"] for entry in entries if entry["node"] == kind)
        return found

    def attribute(self, kind: str, name: str, usual: Any) -> Any:
        """Return an attribute of the first node of an operator."""
        return self.attributes(kind).get(name, usual)


def fused(entries: Sequence[Entry], patterns: Sequence[Pattern]) -> list[Entry]:
    """Return the lines of a graph with a single node wherever nodes match a pattern.

    A node in whose place another stands is only taken where nothing but the pattern reads what it makes.
    """
    graph = _Nodes(entries)
    by_kind: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        by_kind.setdefault(pattern.part[0], []).append(pattern)
    kept = list(entries)
    gone: set[int] = set()
    for at in range(len(entries) - 1, -1, -1):
        entry = entries[at]
        if at in gone or "node" not in entry:
            continue
        for pattern in by_kind.get(entry["node"], ()):
            found = graph.find(pattern.part, at)
            attributes = pattern.attributes(found) if found is not None and not gone & set(found.nodes) else None
            if found is not None and attributes is not None:
                inputs = [found.names[name] for name in pattern.inputs if name in found.names]
                kept[at] = {**entry, "node": pattern.kind, "inputs": inputs, "attributes": attributes}
                gone.update(found.nodes[1:])
                break
    return [entry for at, entry in enumerate(kept) if at not in gone]


class _Nodes:
    """The nodes of a graph by what they make, and who reads it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries
        self.values: dict[str, list[float]] = {}
        self.shapes: dict[str, list[int]] = {}
        self.volumes: dict[str, list[int | None]] = {}
        self.made_by: dict[str, int] = {}
        self.readers: Counter[str] = Counter()
        for at, entry in enumerate(entries):
            if "node" in entry:
                self.made_by.update(dict.fromkeys(entry["outputs"], at))
                self.readers.update(entry["inputs"])
            elif "tensor" in entry:
                self._store(entry["tensor"], entry)
            for kind in ("input", "output", "volume"):
                if kind in entry:
                    self.volumes[entry[kind]["name"]] = entry[kind]["shape"] or []
            if "output" in entry:
                self.readers[entry["output"]["name"]] += 1
        for entry in entries:
            if entry.get("node") == "Constant" and isinstance(entry["attributes"].get("value"), dict):
                self._store(entry["outputs"][0], entry["attributes"]["value"])

    def _store(self, name: str, tensor: Entry) -> None:
        self.shapes[name] = tensor["shape"]
        if "values" in tensor:
            self.values[name] = tensor["values"]

    def operands(self, entry: Entry) -> list[str]:
        """Return what a node takes; axes that are attributes, as in older files, stand as a tensor at the end."""
        inputs: list[str] = entry["inputs"]
        axes = entry["attributes"].get("axes")
        if axes is not None and len(inputs) == 1:
            own = f"axes of {entry['outputs'][0]}"
            self.values[own] = axes if isinstance(axes, list) else [axes]
            return [*inputs, own]
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        return inputs

    def find(self, part: tuple[Any, ...], root: int) -> MatchedNodes | None:
        """Return what an expression is that ends with a node; None where it is another one, or is read elsewhere."""
        for names, found in self._node(part, root, {}, ()):
            nodes = tuple(dict.fromkeys(found))
            read = Counter([name for at in nodes for name in self.entries[at]["inputs"]])
            inner = [name for at in nodes[1:] for name in self.entries[at]["outputs"]]
            if all(read[name] == self.readers[name] for name in inner):
                return MatchedNodes(self, names, nodes)
        return None

    def _node(
        self, part: tuple[Any, ...], at: int, names: Names, nodes: tuple[int, ...]
    ) -> Iterator[tuple[Names, Any]]:
        """Yield the ways in which a node is an expression."""
        entry = self.entries[at]
        inputs = self.operands(entry)
        if entry["node"] != part[0] or len(inputs) != len(part) - 1:
            return
        orders = [inputs, inputs[::-1]] if entry["node"] in _SWAPPED and len(inputs) == 2 else [inputs]
        for order in orders:
            yield from self._operands(part[1:], order, names, (*nodes, at))

    def _operands(
        self, parts: Sequence[Part], tensors: Sequence[str], names: Names, nodes: tuple[int, ...]
    ) -> Iterator[tuple[Names, tuple[int, ...]]]:
        if not parts:
            yield names, nodes
            return
        for more, found in self._tensor(parts[0], tensors[0], names, nodes):
            yield from self._operands(parts[1:], tensors[1:], more, found)

    def _tensor(
        self, part: Part, tensor: str, names: Names, nodes: tuple[int, ...]
    ) -> Iterator[tuple[Names, tuple[int, ...]]]:
        if isinstance(part, str):
            if names.get(part, tensor) == tensor:
                yield {**names, part: tensor}, nodes
        elif isinstance(part, tuple):
            if tensor in self.made_by:
                yield from self._node(part, self.made_by[tensor], names, nodes)
        elif (values := self.values.get(tensor)) and len(values) == 1 and abs(values[0] - part) <= 1e-6 * abs(part):
            yield names, nodes

"""A node of an ONNX graph, and what is known of the tensors around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.layers.written import of_float32, short

_LEARNED = re.compile(r"(?:weight|bias|gamma|beta|scale)\W*$", re.IGNORECASE)
"""How the names of learned tensors end in the programs that are exported."""

SIDE = ("Shape", "Size")
"""Operators that make numbers about a volume, and no volume."""


def decimal(value: float) -> str:
    """Write a number that the file has as a float32: 0.01, and not 0.009999999776."""
    return short(of_float32(value))


class OnnxNode:
    """A node of a graph, and what is known of the tensors around it."""

    shapes: dict[str, list[int]]
    values: dict[str, list[float]]
    made: dict[str, int]
    ranks: dict[str, int]
    volumes: dict[str, Volume]
    readers: Mapping[str, int]
    """How many nodes read a tensor."""
    layouts: dict[str, str | int]
    """The order of a tensor's dimensions: channels first or last, or in how many groups the channels are separated."""

    def __init__(
        self,
        draft: Draft,
        kind: str,
        attributes: dict[str, Any],
        inputs: Sequence[str],
        outputs: Sequence[str],
        span: Span,
    ) -> None:
        self.draft = draft
        self.kind = kind
        self.attributes = attributes
        self.inputs = inputs
        self.outputs = outputs
        self.span = span

    def refuse(self, why: str) -> NoReturn:
        """Say that a spec has no word for the node."""
        self.draft.refuse(self.span, f"this {self.kind} cannot be said: {why}")

    def flowing(self, place: int = 0) -> int:
        """Return the step that makes an input."""
        name = self.inputs[place] if place < len(self.inputs) else ""
        if name not in self.made:
            self.refuse(f"its input {quoted(name)} is not a volume")
        return self.made[name]

    def shape(self, place: int) -> list[int] | None:
        """Return the shape of a stored tensor; None where there is none."""
        return self.shapes.get(self.inputs[place]) if place < len(self.inputs) else None

    def numbers(self, place: int, attribute: str = "") -> list[float] | None:
        """Return the numbers of a small stored tensor, or of an attribute."""
        if attribute and attribute in self.attributes:
            value = self.attributes[attribute]
            return list(value) if isinstance(value, list) else [value]
        return self.values.get(self.inputs[place]) if place < len(self.inputs) else None

    def is_learned(self, place: int, neutral: float) -> bool:
        """Say whether an input is a learned tensor, and not one number everywhere that an exporter had to write."""
        values = self.values.get(self.name_of(place))
        made_up = values is not None and set(values) == {neutral} and not self.has_learned_name(place)
        return self.is_stored(place) and not made_up

    def is_stored(self, place: int) -> bool:
        """Say whether an input is a tensor of the file."""
        return self.name_of(place) in self.shapes

    def has_learned_name(self, place: int) -> bool:
        """Say whether the name of an input is one that learned tensors have."""
        return _LEARNED.search(self.name_of(place)) is not None

    def name_of(self, place: int) -> str:
        """Return the name of an input; "" where there is none."""
        return self.inputs[place] if place < len(self.inputs) else ""

    def wholes(self, name: str, usual: list[int]) -> tuple[int, ...]:
        """Return an attribute of whole numbers, one for each dimension."""
        value = self.attributes.get(name)
        found = value if isinstance(value, list) else usual
        if len(found) != len(usual) or any(not isinstance(each, int) or abs(each) > 10**9 for each in found):
            self.refuse(f"its {name} is {quoted(found)}")
        return tuple(found)

    def rank(self, place: int = 0) -> int:
        """Return the number of dimensions of an input."""
        return self.ranks.get(self.inputs[place], 4)

    def add(self, layers: str | Sequence[str], **more: object) -> int:
        """Add layers on the first input."""
        return self.draft.add(layers, self.span, [self.flowing()], **more)

    def pads(self, dimensions: int) -> tuple[tuple[int, int], ...]:
        pads = self.wholes("pads", [0] * (2 * dimensions))
        if min(pads) < 0:
            self.refuse("its padding is negative")
        return tuple(zip(pads[:dimensions], pads[dimensions:], strict=True))

    def padding_word(self) -> str:
        """Return ``same`` where the padding is left to the size."""
        automatic = self.attributes.get("auto_pad", "NOTSET")
        if automatic not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", ""):
            self.refuse(f"its auto_pad is {quoted(automatic)}")
        return " same" if automatic in ("SAME_UPPER", "SAME_LOWER") else ""

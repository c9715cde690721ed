"""The layers of a network without their names: what each does, and how far back the layers stand that it reads.

A step that is known adds the layers that it made before, wherever it stands: what it reads of itself is as far back as
it was, and what it reads from outside, the arriving volume or a label, is found anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnncalc.network.made_layers import MadeLayers, UnnamedLayers
from cnncalc.network.node import Operation

Entry = tuple[Operation, tuple[int, ...], int]
"""A layer: what it does, how many layers back the ones stand that it reads, and how many the farthest of them."""

ARRIVING = ""
"""Stands for the arriving volume, where another text would be the label of a volume."""

Place = int | str
"""A layer of a step by its number in it, from 1; or what lies outside of the step, as `ARRIVING` or by its label."""


@dataclass(eq=False, slots=True)
class KnownFlow:
    """The layers of a step.

    Attributes:
        entries: the layers.
        outside: what they read from outside: which of them, which of its sources, and what.
        places: the layers that made the labels which the step sets, in their order, and what leaves.

    """

    entries: tuple[Entry, ...]
    outside: tuple[tuple[int, int, str], ...]
    places: tuple[Place, ...]


class LayerFlow:
    """The layers so far, and which of them made each volume of a walk.

    Attributes:
        entries: the layers.
        layer_of: for each volume of the walk the number of the layer that made it, from 1; 0 for the input.
        outward: the numbers of the layers that may read from outside of the step that is walked through, in order;
            those of a step that is done are there only if they read from outside of it.

    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.layer_of: list[int] = [0]
        self.outward: list[int] = []

    def add(self, operation: Operation, inputs: Sequence[int]) -> None:
        """Add a layer that reads some volumes of the walk."""
        own, layer_of = len(self.entries) + 1, self.layer_of
        if len(inputs) == 1:
            farthest = own - layer_of[inputs[0]]
            self.entries.append((operation, (farthest,), farthest))
        else:
            backs = tuple([own - layer_of[index] for index in inputs])
            self.entries.append((operation, backs, max(backs)))
        self.outward.append(own)
        layer_of.append(own)

    def pattern(self, at: int, labelled: Sequence[int | None]) -> tuple[int, ...]:
        """Return which of the volumes that a step may read are one: each by the place of the first that it equals."""
        layers = [None if index is None else self.layer_of[index] for index in (at, *labelled)]
        return tuple(map(layers.index, layers))

    def known(
        self, first: int, at: int, labels: Mapping[str, int], made: Sequence[int], read: Sequence[str]
    ) -> KnownFlow:
        """Return what a step has added.

        Args:
            first: how many layers there were before it.
            at: the volume that arrived.
            labels: the labels as they were before it.
            made: the volumes of the labels that it sets, and the one that leaves.
            read: the labels that it may read.

        """
        layer_of = self.layer_of
        found = {layer_of[labels[label]]: label for label in reversed(read) if label in labels}
        found[layer_of[at]] = ARRIVING
        entries = tuple(self.entries[first:])
        begin = bisect_right(self.outward, first)
        outward = [own for own in self.outward[begin:] if self.entries[own - 1][2] >= own - first]
        self.outward[begin:] = outward
        outside = [
            (own - first, source, found[own - back])
            for own in outward
            for source, back in enumerate(self.entries[own - 1][1])
            if back >= own - first
        ]
        places = [layer_of[index] - first if layer_of[index] > first else found[layer_of[index]] for index in made]
        return KnownFlow(entries, tuple(outside), tuple(places))

    def take_over(self, known: KnownFlow, at: int, labels: Mapping[str, int]) -> None:
        """Add the layers of a step that is known, and note which made the volumes that it leaves behind."""
        entries, layer_of = self.entries, self.layer_of
        first = len(entries)
        entries += known.entries
        arriving = layer_of[at]
        for number, source, name in known.outside:
            back = first + number - (layer_of[labels[name]] if name else arriving)
            operation, backs, _ = entries[first + number - 1]
            if backs[source] != back:
                backs = (*backs[:source], back, *backs[source + 1 :])
                entries[first + number - 1] = operation, backs, max(backs)
        self.outward += dict.fromkeys([first + number for number, _, _ in known.outside])
        for place in known.places:
            if isinstance(place, int):
                layer_of.append(first + place)
            else:
                layer_of.append(layer_of[labels[place]] if place else arriving)

    def made(self) -> MadeLayers:
        """Return the layers, without names and places in the text."""
        inputs = [
            (own - backs[0],) if len(backs) == 1 else tuple([own - back for back in backs])
            for own, (_, backs, _) in enumerate(self.entries, 1)
        ]
        return UnnamedLayers([operation for operation, _, _ in self.entries], inputs)

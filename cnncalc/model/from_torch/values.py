"""What the calls of a trace are given and return, as the reader knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import fx, nn

from cnncalc.core.words import listed
from cnncalc.layers.written import Pairs
from cnncalc.model.from_torch.axes import Axes
from cnncalc.model.from_torch.traced_modules import module_path


@dataclass(frozen=True)
class View:
    """A tensor of the trace: the volume behind an operation, in a layout.

    Attributes:
        index: the operation; 0 is the input.
        axes: which of the volume's numbers each dimension runs over.
        pads: padding that has been added and is not yet a layer, since the next window may take it over.
        fill: what it is filled with.
        negated: whether the numbers are those of the volume with the opposite sign.
    """

    index: int
    axes: Axes
    pads: Pairs | None = None
    fill: float = 0.0
    negated: bool = False


class Stack(list[View]):
    """Several volumes along a new axis, of which only sums and means are read."""

    def __init__(self, views: Iterable[View], axis: int) -> None:
        super().__init__(views)
        self.axis = axis


@dataclass(frozen=True)
class Places:
    """Where a max pool took its values; ``index`` is the operation of the pool."""

    index: int


@dataclass(frozen=True)
class Tensor:
    """A tensor of the module that a call reads by itself, perhaps under another shape, or computed from others.

    Attributes:
        path: where the module has its numbers, in this order; "" where they are computed or made in forward.
        value: its numbers; none where they are computed from what is learned.
        shape: its shape.
        steps: the calls that make it.
        learned: the parameters that it is, or is computed from, by their paths in the trace.
        turned: the matrix that it is with rows as columns; None where it is none.
    """

    path: str
    value: torch.Tensor
    shape: tuple[int, ...]
    steps: tuple[fx.Node, ...] = ()
    learned: Mapping[str, nn.Parameter] = field(default_factory=dict)
    turned: Tensor | None = None

    @property
    def name(self) -> str:
        """What it is called in an error."""
        paths = [self.path] if self.path else list(self.learned)
        return listed([f"`{module_path(path)}`" for path in paths]) if paths else "a constant"


@dataclass(frozen=True)
class Overwritten:
    """A value that a call has written over in a way that no layout follows; it must not be read any more."""

    by: str


@dataclass(frozen=True)
class Inside:
    """A value inside of what is read as one layer; nothing outside reads it."""

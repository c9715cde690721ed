"""What the calls of a trace are given and return, as the reader knows it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from cnncalc.layers.written import Pairs
from cnncalc.model.from_torch.axes import Axes
from cnncalc.model.from_torch.trace import module_path


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


@dataclass(frozen=True)
class Tensor:
    """A learned tensor, or a buffer, that a call reads by itself, perhaps under another shape."""

    path: str
    value: torch.Tensor
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return f"`{module_path(self.path)}`"


@dataclass(frozen=True)
class Overwritten:
    """A value that a call has written over in a way that no layout follows; nobody may read it any more."""

    by: str

"""One call of PyTorch on a tensor: which module or function, of which shapes, with which settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

Shape = tuple[int, ...]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_DIMENSIONS = re.compile(r"[123]d$")


class TensorCall(NamedTuple):
    """A call of a module or of a function on a tensor, for one image.

    Attributes:
        name: the class of the module or the name of the function: ``Conv2d``, ``conv2d``.
        arriving, made: the shapes of the tensor that comes and of the one that is made, the image first.
        settings: its arguments by PyTorch's names.
        tensors: the shapes of its learned tensors by their names.
        is_module: whether it is a module, and not a function.
        is_own: whether the class of the module is another one than that of ``torch.nn``.
        is_inside: whether a module of which there is a call makes it.
        again: whether the module was called before.
        tied: whether its learned tensors are those of an earlier module.

    """

    name: str
    arriving: Shape
    made: Shape
    settings: Mapping[str, Any] = _NOTHING
    tensors: Mapping[str, Shape] = _NOTHING
    is_module: bool = False
    is_own: bool = False
    is_inside: bool = False
    again: bool = False
    tied: bool = False

    @property
    def kind(self) -> str:
        """The name without the number of dimensions: ``Conv``."""
        return _DIMENSIONS.sub("", self.name)

    @property
    def dimensions(self) -> int:
        """The number of dimensions in its name; 0 without one."""
        found = _DIMENSIONS.search(self.name)
        return int(found[0][0]) if found else 0

    @property
    def values_arriving(self) -> int:
        """Values of the tensor that comes."""
        return prod(self.arriving)

    @property
    def values_made(self) -> int:
        """Values of the tensor that is made."""
        return prod(self.made)

    @property
    def params(self) -> int:
        """Values of its learned tensors."""
        return sum([prod(shape) for shape in self.tensors.values()])

    def sides(self, setting: str) -> Shape:
        """Return a setting per dimension, where one number may stand for all."""
        value = self.settings[setting]
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.dimensions

    @property
    def kernel(self) -> int:
        """Positions of a convolution's kernel."""
        return prod(self.sides("kernel_size"))

    @property
    def groups(self) -> int:
        """Groups of a convolution."""
        groups: int = self.settings.get("groups", 1)
        return groups

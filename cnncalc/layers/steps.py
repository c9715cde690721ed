"""What PyTorch is to do for a layer, as data: one definition that is built, printed and checked.

A layer is a short program on one running value (or on several, for a merge): functions, and what is made once and
kept (a module, a learned or a fixed tensor). What is kept has the layer's name, or behind that a ``label`` of its own.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Module(NamedTuple):
    """A module of ``torch.nn``: ``Conv2d(3, 64, kernel_size=(3, 3))``."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = _NOTHING
    label: str = ""

    @property
    def returns_places(self) -> bool:
        """Whether it is a max pool that returns a second tensor: where the maxima were."""
        return bool(self.kwargs.get("return_indices"))


class OwnModule(NamedTuple):
    """A module of `cnncalc.model.modules`, for what ``torch.nn`` has none; written Python gets its source."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = _NOTHING
    label: str = ""


class Preset(NamedTuple):
    """A module of ``torch.nn`` whose tensors begin with numbers that are given, and are learned or constants.

    The values of a tensor are tuples in tuples, spread to its shape as by ``expand``.
    """

    module: Module
    values: Mapping[str, Any]
    learned: bool
    label: str = ""


class Function(NamedTuple):
    """A function of the running value, by one of the names in `FUNCTIONS`, with what follows the value.

    ``places`` says that the places which a max pool has returned come first of that.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = _NOTHING
    places: bool = False


class Factor(NamedTuple):
    """A learned tensor that the running value is multiplied by."""

    shape: tuple[int, ...]
    start: float
    label: str = ""


class Fixed(NamedTuple):
    """A function of the running value and of a tensor that is not learned: a convolution with the filter of a blur.

    The tensor has these values (tuples in tuples), spread to a shape as by ``expand``. It is in no state_dict.
    """

    name: str
    values: Any
    shape: tuple[int, ...]
    kwargs: Mapping[str, Any] = _NOTHING
    label: str = ""


Kept = Module | OwnModule | Preset | Factor | Fixed
Step = Kept | Function
Steps = tuple[Step, ...]

FUNCTIONS = (
    "add",
    "amax",
    "cat",
    "conv1d",
    "conv2d",
    "conv3d",
    "div",
    "every",
    "flatten",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "maximum",
    "minimum",
    "mean",
    "movedim",
    "mul",
    "narrow",
    "neg",
    "normalize",
    "pad",
    "squeeze",
    "sub",
    "sum",
    "unflatten",
    "unsqueeze",
)
"""Functions of ``torch`` and of ``torch.nn.functional`` that layers are made of; ``every`` is ``x[:, 0:64:2]``."""


def module(name: str, *args: Any, dimensions: int | None = None, **settings: Any) -> Module:
    """Return a module of ``torch.nn`` with all that the layer sets, one number where those of all dimensions are equal.

    With ``dimensions``, ``Conv`` in two is ``Conv2d``.
    """
    name = name if dimensions is None else f"{name}{dimensions}d"
    return Module(name, tuple(map(_short, args)), {key: _short(value) for key, value in settings.items()})


def fixed(name: str, values: Any, shape: tuple[int, ...], **settings: Any) -> Fixed:
    """Return a function with a tensor that is not learned, one number where those of all dimensions are equal."""
    return Fixed(name, values, shape, {key: _short(value) for key, value in settings.items()})


def returning_places(steps: Steps) -> Steps:
    """Return the steps of a max pool that also returns where the maxima were."""
    kwargs = {"return_indices": True}
    return tuple([s._replace(kwargs={**s.kwargs, **kwargs}) if isinstance(s, Module) else s for s in steps])


def at_places(name: str, *args: Any, **settings: Any) -> Function:
    """Return a function of the running value and of the places that a max pool has returned."""
    return Function(name, tuple(map(_short, args)), settings, places=True)


def _short(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def padding(sides: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """Return (before, after) per dimension in PyTorch's order: the last dimension first."""
    return tuple([size for pair in reversed(sides) for size in pair])

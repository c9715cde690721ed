"""Values of a trace that pass for tensors: they know their shapes and have no numbers."""

from __future__ import annotations

import builtins
import contextlib
import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import fx


def write_into(x: torch.Tensor, place: Any, value: Any) -> None:
    """Write into a part of a tensor, as ``x[:, 0] = 1`` does."""
    x[place] = value


def function_name(node: fx.Node) -> str:
    """Return what a function or a method is called."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


write_into.__name__ = "x[…] = …"


class TracedValue(fx.Proxy):
    """A value of a trace that knows its shape, and answers what can be asked of a tensor without its numbers."""

    @property
    def value(self) -> Any:
        """The tensor without numbers, or what else it is."""
        return self.node.meta["value"]

    def __getattr__(self, name: str) -> Any:
        known = getattr(self.value, name)
        if callable(known):
            return fx.proxy.Attribute(self, name)
        if isinstance(known, torch.Tensor):
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return known

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or one of its numbers."""
        return self.value.shape if dim is None else self.value.shape[dim]

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter([super(TracedValue, self).__getitem__(place) for place in range(len(self.value))])  # type: ignore[misc]

    def __setitem__(self, place: Any, value: Any) -> None:
        self._call(write_into, place, value)

    def __iadd__(self, other: Any) -> Any:
        return self._call(operator.iadd, other)

    def __isub__(self, other: Any) -> Any:
        return self._call(operator.isub, other)

    def __imul__(self, other: Any) -> Any:
        return self._call(operator.imul, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._call(operator.itruediv, other)

    def _call(self, function: Callable[..., Any], *others: Any) -> Any:
        """Record an operator that writes over this value; torch.fx itself knows none of those."""
        return self.tracer.create_proxy("call_function", function, (self, *others), {})


@contextlib.contextmanager
def passing_for_tensors() -> Iterator[None]:
    """Let values of a trace pass for tensors where Python code asks with ``isinstance``, as some modules do.

    Code in C asks in another way, and is told the truth: it would read memory that is not there. ``as_tensor``, which
    would make a list of numbers of one, returns it as it is.
    """
    plain = builtins.isinstance

    def passing(value: Any, kinds: Any) -> bool:
        seen = value.value if type(value) is TracedValue else None
        return plain(value, kinds) or (plain(seen, torch.Tensor) and plain(seen, kinds))

    functions = torch.as_tensor, torch.asarray
    builtins.isinstance = passing
    torch.as_tensor, torch.asarray = _passing_on(torch.as_tensor), _passing_on(torch.asarray)
    try:
        yield
    finally:
        builtins.isinstance = plain
        torch.as_tensor, torch.asarray = functions


def _passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that makes a tensor of numbers, and leaves a value of a trace as it is."""

    def passing_on(data: Any, *rest: Any, **named: Any) -> Any:
        return data if type(data) is TracedValue else function(data, *rest, **named)

    return passing_on

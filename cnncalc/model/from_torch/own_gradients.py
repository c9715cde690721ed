"""Functions with a gradient of their own (`torch.autograd.Function`): a trace sees what they compute."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple

import torch
from torch.autograd.function import FunctionCtx
from torch.utils import checkpoint

from cnncalc.model.from_torch.source_lines import Lines

_RECOMPUTING = ("_checkpoint_without_reentrant_generator", "_checkpoint_without_reentrant_generator_impl")
"""What PyTorch runs around a part that is computed again in the backward pass; its name is not the same everywhere."""


class OwnGradient(NamedTuple):
    """One call of such a function: its name, the line that calls it, and which call it is."""

    name: str
    line: str
    number: int


class OwnGradients:
    """The calls that are running while a module is traced."""

    def __init__(self, lines: Lines, refused: Callable[[OwnGradient], Exception]) -> None:
        """Take what knows the running lines, and what makes the error where a function computes nothing."""
        self.lines = lines
        self.refused = refused
        self.running: list[OwnGradient] = []
        self.count = 0
        self.kept: dict[FrameType, OwnGradient] = {}
        self.forwards = dict(_forwards(torch.autograd.Function))

    def now(self) -> OwnGradient | None:
        """Return the outermost call that is running; an ``apply`` that was kept from before is seen by its frame."""
        if self.running:
            return self.running[0]
        frames = [frame for frame in self.lines.frames() if frame.f_code in self.forwards]
        if not frames:
            return None
        outermost = frames[-1]
        if outermost not in self.kept:
            self.kept[outermost] = self._numbered(self.forwards[outermost.f_code])
        return self.kept[outermost]

    def _numbered(self, name: str) -> OwnGradient:
        self.count += 1
        return OwnGradient(name, self.lines.now(outside=frozenset(self.forwards)), self.count)

    @contextlib.contextmanager
    def seen(self) -> Iterator[None]:
        """Let such functions run as what they compute; PyTorch itself would read tensors that are not there."""
        patches = (
            (torch.autograd.Function, "apply", classmethod(self._apply)),
            (FunctionCtx, "save_for_backward", _keeps_nothing),
            (FunctionCtx, "mark_dirty", _keeps_nothing),
            (FunctionCtx, "mark_non_differentiable", _keeps_nothing),
            *[(checkpoint, name, _nothing_around) for name in _RECOMPUTING if hasattr(checkpoint, name)],
        )
        before = [vars(owner)[name] for owner, name, _ in patches]
        for place, name, patch in patches:
            setattr(place, name, patch)
        try:
            yield
        finally:
            for (owner, name, _), plain in zip(patches, before, strict=True):
                setattr(owner, name, plain)

    def _apply(self, kind: Any, *args: Any) -> Any:
        own_setup = kind.setup_context is not torch.autograd.Function.setup_context
        given = args if own_setup else (_Context(), *args)
        if kind.__module__.startswith("torch."):  # such as checkpointing: the gradient is that of what it computes
            return kind.forward(*given)
        self.running.append(self._numbered(kind.__name__))
        try:
            result = kind.forward(*given)
            if any(result is value for value in args):
                raise self.refused(self.running[-1])
            return result
        finally:
            self.running.pop()


def _nothing_around(*_: Any, **__: Any) -> Iterator[None]:
    """Keep nothing for computing a part of a module again, around the part."""
    yield


def _keeps_nothing(_: Any, *tensors: Any) -> None:
    """Keep nothing for a gradient that is not asked for."""


class _Context(FunctionCtx):
    """What a function is given to keep values for its gradient."""

    needs_input_grad = (False,) * 16


def _forwards(kind: Any) -> Iterator[tuple[CodeType, str]]:
    """Return what each kind of function with a gradient of its own runs."""
    for each in kind.__subclasses__():
        code = getattr(inspect.unwrap(each.forward), "__code__", None)
        if code is not None and "forward" in vars(each) and not each.__module__.startswith("torch."):
            yield code, each.__name__
        yield from _forwards(each)

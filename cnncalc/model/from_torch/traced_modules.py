"""A user's module while it is traced: what holds it, where its parts stand, and that it is handed back as it was."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor


class ModuleScope(NamedTuple):
    """A module that holds others: its path, the name of its class, and that of the nearest real owner's.

    The owner is "" where there is none but the whole network.
    """

    path: str
    kind: str
    owner: str = ""


MADE = "made"
"""How the names begin of modules that a forward makes."""


CONTAINERS = frozenset(("Sequential", "ModuleList", "ModuleDict", "Module", "GraphModule", ""))
"""Classes of modules that only hold others."""


def inner(module: nn.Module) -> nn.Module:
    """Return what a module only passes its input on to: that of `torch.compile` and of parallel computing."""
    while True:
        held = getattr(module, "_orig_mod", None) or (getattr(module, "module", None) if _passes_on(module) else None)
        if not isinstance(held, nn.Module):
            return module
        module = held


def tested(module: nn.Module) -> nn.Module:
    """Put a module into the mode for testing; what `torch.export` makes has one mode alone."""
    with contextlib.suppress(NotImplementedError):
        module.eval()
    return module


def _passes_on(module: nn.Module) -> bool:
    return isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel)


@contextlib.contextmanager
def without_logs() -> Iterator[None]:
    """Let PyTorch print nothing about shapes that do not fit: the error says it."""
    log = logging.getLogger("torch._subclasses.fake_tensor")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


@contextlib.contextmanager
def left_as_it_is(module: nn.Module) -> Iterator[None]:
    """Restore every attribute of every part of a module, whatever its forward sets."""
    before = [(part, dict(vars(part))) for part in module.modules()]
    try:
        yield
    finally:
        for part, attributes in before:
            vars(part).clear()
            vars(part).update(attributes)


class Root(nn.Module):
    """Holds the module, so that it may be a single layer, and takes its inputs in order."""

    HOLDS = "network"

    def __init__(self, module: nn.Module, arguments: Sequence[str] = ("",)) -> None:
        """``arguments`` are those of the module's forward for each input; "" for one that goes by its place."""
        super().__init__()
        self.network = module
        self.arguments = tuple(arguments)

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Return what the module makes of its inputs."""
        pairs = list(zip(self.arguments, inputs, strict=True))
        named = {name: value for name, value in pairs if name}
        return self.network(*[value for name, value in pairs if not name], **named)


def own_tensors(root: nn.Module) -> frozenset[str]:
    """Return the paths of the tensors that the user's module has, and not its forward makes."""
    module = root.get_submodule(Root.HOLDS)
    named = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    return frozenset([f"{Root.HOLDS}.{name}" for name, _ in named])


def module_path(path: str) -> str:
    """Return a path as the user's module knows it: without what holds the module here."""
    return path.removeprefix("network").removeprefix(".")


def has_numbers(module: nn.Module) -> bool:
    """Say whether a module's tensors have values: those on the meta device and fake ones have none."""
    tensors = [*module.parameters(), *module.buffers()]
    return not any(tensor.is_meta or isinstance(tensor, FakeTensor) for tensor in tensors)


def attribute(root: nn.Module, path: str) -> Any:
    """Return what stands under a dotted path, a tensor for a parameter or a buffer."""
    *owners, name = path.split(".")
    return getattr(root.get_submodule(".".join(owners)), name)


def flat_outputs(value: Any) -> list[Any]:
    """Return what a module returns one by one, whatever lists and dictionaries it is in.

    None is left out: modules return it in the place of a loss, which they have in training alone.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [output for part in value for output in flat_outputs(part)]
    return [] if value is None else [value]

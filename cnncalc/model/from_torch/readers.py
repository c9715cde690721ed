"""What reads the modules and functions of a trace: the layers that are registered, and what only changes a layout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from cnncalc.layers import Layer, layers
from cnncalc.layers.torch_calls import Signature, signatures
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.ranges import written_into
from cnncalc.model.from_torch.shapes import SHAPES
from cnncalc.model.from_torch.traced_values import write_into


class Reader(NamedTuple):
    """How a call is declared, and what reads it; None is returned for a call that is meant otherwise.

    ``learns`` says that the layer may have weights: a module that has some is no other, whatever it is called.
    """

    signature: Signature
    read: Callable[[Call], Any]
    learns: bool = False


class Readers:
    """All readers of modules and of functions, by what they are called."""

    def __init__(self) -> None:
        self.modules: dict[type[nn.Module], list[Reader]] = {}
        self.functions: dict[str, list[Reader]] = {}
        self.named: dict[str, list[Reader]] = {}
        for layer in sorted(layers(), key=lambda layer: not layer.merges):  # a mean is a sum that is divided
            learns = layer.weight_factors is not Layer.weight_factors
            self._add(vars(layer).get("torch_calls", ()), layer.from_torch, learns=learns)
        for declared, read in SHAPES.items():
            self._add((declared,), read)
        into = Signature(write_into.__name__, ("place", "value"), {})
        self.functions[into.name] = [Reader(into, written_into)]

    def _add(self, declared: tuple[str, ...], read: Callable[[Any], Any], *, learns: bool = False) -> None:
        for signature in signatures(declared):
            package, dot, name = signature.name.rpartition(".")
            if not signature.is_module:
                self.functions.setdefault(signature.name, []).append(Reader(signature, read))
            elif not dot:
                self.named.setdefault(name, []).append(Reader(signature, read, learns))
            elif kind := getattr(sys.modules.get(package), name, None):  # what is not loaded has no modules
                self.modules.setdefault(kind, []).append(Reader(signature, read))

    def of_function(self, name: str) -> list[Reader]:
        """Return what reads a function or a method; one that works in place has an underscore behind its name."""
        return self.functions.get(name) or self.functions.get(name.rstrip("_"), [])

    def of_module(self, module: nn.Module) -> list[Reader]:
        """Return what reads a module: by its class, or by one that it only renames."""
        for kind in type(module).__mro__:
            if kind in self.modules:
                return self.modules[kind] if _does_the_same(type(module), kind) else []
        learns = any(True for _ in module.parameters())
        return [reader for reader in self.named.get(type(module).__name__, []) if reader.learns or not learns]

    def knows(self, module: nn.Module) -> bool:
        """Say whether a module is read as one layer."""
        return bool(self.of_module(module))


def _does_the_same(kind: type, base: type) -> bool:
    methods = ("forward", "_conv_forward")
    return all(getattr(kind, name, None) is getattr(base, name, None) for name in methods)

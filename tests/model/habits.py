"""A module of one habit: how somebody writes what a spec says in a word."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path

import torch
from torch import Tensor, nn

import cnncalc
from cnncalc.model.from_torch import import_module


class Habit(nn.Module):
    """A function of a module with parts of every kind, behind a convolution to eight channels."""

    def __init__(self, does: Callable[[Habit, Tensor], object]) -> None:
        super().__init__()
        self.does = does
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 1)
        self.factor, self.shift = nn.Parameter(torch.randn(8)), nn.Parameter(torch.randn(8))
        self.gate = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8), nn.Sigmoid())

    def forward(self, x: Tensor) -> object:
        return self.does(self, self.first(x))


def check(habit: Callable[[Habit, Tensor], object], input: str = "8x8x3") -> str:
    """Import a habit, compare what the built text computes with what it does, and return the text of its layers."""
    torch.manual_seed(0)
    return compare(Habit(habit), input)


def compare(module: nn.Module, input: str) -> str:
    """Import a module, compare what both compute with the module's tensors, and return the text of its layers."""
    module.eval()
    imported = import_module(module, input)
    built = cnncalc.build(cnncalc.load(imported.text)).eval()
    values = {name: reduce(getattr, path.split("."), module) for name, path in imported.tensors.items()}
    values |= {name: value() for name, value in imported.computed.items()}
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    fixed = {name for name, _ in built.named_buffers() if name not in values}
    state = {name: value.detach().reshape(shapes[name]) for name, value in values.items()}
    assert set(shapes) - set(state) <= fixed
    built.load_state_dict(state, strict=False)
    volume = cnncalc.load(imported.text).input
    images = torch.randn(2, volume.channels, *volume.spatial)
    computed, expected = built(images), module(images)
    torch.testing.assert_close(computed.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)
    lines = imported.text.strip().split("\n\n")[-1].split("\n")
    return " - ".join([line.strip() for line in lines])


def first_line(module: type[nn.Module]) -> str:
    """Return the place of the first line of a module's ``forward`` as errors name it: ``test_here.py:12``."""
    code = module.forward.__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno + 1}"

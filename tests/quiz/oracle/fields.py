"""Receptive fields: where the gradient of a unit is not 0, in one dimension."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count

import torch
from torch import Tensor, nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.reading import asks

WINDOW = re.compile(r"(\d+)x\d+ (?:convolution|max pooling)(?:, stride (\d+))?(?:, dilation (\d+))?")


def seen(windows: Sequence[tuple[int, int, int]], unit: int = 0) -> list[int]:
    """Return the pixels that a unit behind windows of (kernel, stride, dilation) depends on."""
    row = torch.zeros(1, 1, 600, dtype=torch.float64, requires_grad=True)
    made: Tensor = row
    for kernel, stride, dilation in windows:
        made = nn.functional.conv1d(
            made, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride, dilation=dilation
        )
    [gradient] = torch.autograd.grad(made[0, 0, unit], row)
    return gradient[0, 0].nonzero()[:, 0].tolist()


def field(windows: Sequence[tuple[int, int, int]]) -> str:
    pixels = seen(windows)
    side = pixels[-1] - pixels[0] + 1
    return f"{side}x{side}"


def windows_of(exercise: Exercise) -> list[tuple[int, int, int]]:
    found = [WINDOW.fullmatch(layer.en) for layer in exercise.layers]
    return [tuple([int(number or 1) for number in match.groups()]) for match in found if match]  # type: ignore[misc]


@asks(
    "stacked-field",
    "# convolutions of #x# with stride 1 stand in a row. How large is the receptive field of a unit of the last one?",
)
def _(_: Exercise, n: int, f: int, _f: int) -> str:
    return field([(f, 1, 1)] * n)


LISTED = (
    "An image goes through these layers, one after the other. How large is the receptive field of a unit of the last "
    "one?"
)


@asks("mixed-field", LISTED)
@asks("pooled-field", LISTED)
@asks(
    "dilated-field",
    "An image goes through these convolutions with stride 1. How large is the receptive field of a unit of the last "
    "one?",
)
def _(exercise: Exercise) -> str:
    return field(windows_of(exercise))


@asks(
    "layers-for-field",
    "How many convolutions of #x# with stride 1 in a row see as much of their input as one of #x#?",
)
def _(_: Exercise, f: int, _f: int, r: int, _r: int) -> str:
    return str(next(n for n in count(1) if field([(f, 1, 1)] * n) == f"{r}x{r}"))


@asks(
    "unit-distance",
    "An image goes through these layers, one after the other. By how many pixels do the receptive fields of two "
    "neighbouring units of the last layer lie apart?",
)
def _(exercise: Exercise) -> str:
    windows = windows_of(exercise)
    return str(seen(windows, 1)[0] - seen(windows, 0)[0])

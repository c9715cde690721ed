"""What fits: a window is moved over a row of pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.networks import conv, empty, layers_of
from tests.quiz.oracle.reading import asks


def fits(size: int, kernel: int, stride: int, padding: int) -> bool:
    """Move a window over a row of pixels and say whether it ends with the last one."""
    last = size + 2 * padding - kernel
    return last >= 0 and last in range(0, last + 1, stride)


@asks(
    "fitting-stride",
    "Filters of #x# slide over an input of #x# with padding #. Which of these strides fits?",
)
def _(_: Exercise, f: int, _f: int, h: int, _h: int, p: int) -> Callable[[str], bool]:
    return lambda answer: fits(h, f, int(answer), p)


@asks(
    "output-or-misfit",
    "A filter of #x# slides over an input of #x# with stride # and padding #, and nothing is rounded. How large is the "
    "output?",
)
def _(_: Exercise, f: int, _f: int, h: int, _h: int, s: int, p: int) -> str:
    made = conv(1, 1, f, s, p)(empty(h, h, 1)).shape[-1]
    return f"{made}x{made}" if fits(h, f, s, p) else "the filter does not fit"


@asks(
    "fitting-padding",
    "Filters of #x# slide over an input of #x# with stride #. Which of these paddings, the same on both sides, fits?",
)
def _(_: Exercise, f: int, _f: int, h: int, _h: int, s: int) -> Callable[[str], bool]:
    return lambda answer: fits(h, f, s, int(answer))


@asks(
    "fitting-size",
    "Filters of #x# have stride # and padding #. Which of these inputs do they fit?",
)
def _(_: Exercise, f: int, _f: int, s: int, p: int) -> Callable[[str], bool]:
    return lambda answer: fits(int(answer.split("x")[0]), f, s, p)


@asks(
    "unread-rows",
    "Filters of #x# slide over an input of #x# with stride #, without padding, and the size of the output is "
    "rounded down as in PyTorch. How many rows at the end does no window read?",
)
def _(_: Exercise, f: int, _f: int, h: int, _h: int, s: int) -> str:
    row = torch.zeros(1, 1, h, requires_grad=True)
    nn.functional.conv1d(row, torch.ones(1, 1, f), stride=s).sum().backward()  # type: ignore[no-untyped-call]
    assert row.grad is not None
    return str(h - 1 - int(row.grad[0, 0].nonzero().max()))


@asks(
    "unfitting-layer",
    "An input of #x#x3 goes through these layers, and nothing is rounded. Which one is the first that does not fit?",
)
def _(exercise: Exercise, h: int, _w: int) -> str:
    made = empty(h, h, 3)
    for place, layer in enumerate(layers_of(exercise, h, 3)):
        kernel, stride, padding = [
            number[0] if isinstance(number, tuple) else number
            for number in (layer.kernel_size, layer.stride, layer.padding)
        ]
        if not fits(made.shape[-1], kernel, stride, padding):
            return ("the first layer", "the second layer", "the third layer")[place]
        made = layer(made)
    return "all of them fit"

"""Values and gradients, by PyTorch in double precision."""

from __future__ import annotations

import re
from fractions import Fraction

import torch
from torch import Tensor, nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.reading import asks, whole


def grids(exercise: Exercise, name: str) -> Tensor:
    """Return the grids of a question with a name, one for each channel."""
    found = [given.rows for given in exercise.given if given.title.en.split(",")[0] == name]
    return torch.tensor(found, dtype=torch.float64)


def text_of(made: Tensor) -> str:
    rows = made.detach().reshape(made.shape[-2:]).tolist()
    return " / ".join([" ".join([number_of(value) for value in row]) for row in rows])


def number_of(value: float) -> str:
    return str(Fraction(value).limit_denominator(100)).replace("-", "−")


def filtered(exercise: Exercise, bias: int, padding: int = 0) -> Tensor:
    return nn.functional.conv2d(
        grids(exercise, "input")[None],
        grids(exercise, "filter")[None],
        torch.tensor([bias], dtype=torch.float64),
        padding=padding,
    )


def bias_of(words: str) -> int:
    """Read ``The filter with bias −2``, or ``The filter, which has no bias,``."""
    found = re.fullmatch(r"The filter with bias ([−\d]+)", words)
    assert found or words == "The filter, which has no bias,"
    return whole(found[1]) if found else 0


@asks(
    "filtered-value",
    "?? slides over the input with stride 1 and padding #. Which value does the output have in row #, column #, both "
    "counted from 0?",
)
def _(exercise: Exercise, words: str, p: int, row: int, column: int) -> str:
    return number_of(filtered(exercise, bias_of(words), p)[0, 0, row, column].item())


@asks(
    "filtered-grid",
    "?? slides over the input with stride 1 and without padding. Which output comes out, row by row?",
)
def _(exercise: Exercise, words: str) -> str:
    return text_of(filtered(exercise, bias_of(words)))


@asks(
    "rectified-grid",
    "?? slides over the input with stride 1 and without padding, and a ReLU follows. Which output comes out, row by "
    "row?",
)
def _(exercise: Exercise, words: str) -> str:
    return text_of(filtered(exercise, bias_of(words)).relu())


@asks(
    "pooled-grid",
    "Which output does max pooling of #x# with stride # make of the input, row by row?",
)
def _(exercise: Exercise, f: int, _f: int, s: int) -> str:
    return text_of(nn.functional.max_pool2d(grids(exercise, "input")[None], f, s))


@asks(
    "mean-pooled-grid",
    "Which output does mean pooling of #x# with stride # make of the input, row by row?",
)
def _(exercise: Exercise, f: int, _f: int, s: int) -> str:
    return text_of(nn.functional.avg_pool2d(grids(exercise, "input")[None], f, s))


@asks(
    "neuron-value",
    "A neuron has these inputs and weights, the bias # and a ReLU. Which value comes out?",
)
def _(exercise: Exercise, bias: int) -> str:
    made = nn.functional.linear(grids(exercise, "input")[0], grids(exercise, "weights")[0]) + bias
    return number_of(made.relu().item())


@asks(
    "pooled-gradient",
    "Max pooling of 2x2 with stride 2 was applied to the input, and this gradient arrives at its output. Which "
    "gradient does the input get, row by row?",
)
def _(exercise: Exercise) -> str:
    image = grids(exercise, "input")[None].requires_grad_()
    nn.functional.max_pool2d(image, 2).backward(grids(exercise, "gradient of the output")[None])  # type: ignore[no-untyped-call]
    assert image.grad is not None
    return text_of(image.grad)


@asks(
    "weight-gradient",
    "The filter was applied to the input with stride 1 and without padding, and this gradient arrives at the output. "
    "Which gradient do the weights of the filter get, row by row?",
)
def _(exercise: Exercise) -> str:
    kernel = grids(exercise, "filter")[None].requires_grad_()
    made = nn.functional.conv2d(grids(exercise, "input")[None], kernel)
    made.backward(grids(exercise, "gradient of the output")[None])  # type: ignore[no-untyped-call]
    assert kernel.grad is not None
    return text_of(kernel.grad)

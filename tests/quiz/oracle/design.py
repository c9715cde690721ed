"""Design: an answer is right where PyTorch finds what is asked."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.fields import field
from tests.quiz.oracle.networks import conv, empty, meta, params, products
from tests.quiz.oracle.reading import asks, whole


@asks(
    "keeping-padding",
    "Which padding keeps the size of an input of #x# under filters of #x# with stride 1???",
)
def _(_: Exercise, h: int, _h: int, f: int, _f: int, more: str) -> Callable[[str], bool]:
    dilation = int(more.removeprefix(" and dilation ")) if more else 1
    return lambda answer: conv(1, 1, f, 1, int(answer), dilation=dilation)(empty(h, h, 1)).shape[-1] == h


@asks(
    "filters-for-parameters",
    "A convolution of #x# with biases, on an input with # channels, may have at most # parameters. How many filters "
    "can it have at most?",
)
def _(_: Exercise, f: int, _f: int, c: int, limit: int) -> Callable[[str], bool]:
    return lambda answer: params(conv(c, whole(answer), f)) <= limit < params(conv(c, whole(answer) + 1, f))


@asks(
    "filters-for-products",
    "A convolution of #x# keeps the size of an input of #x#x# and may take at most # million multiplications. How many "
    "filters can it have at most?",
)
def _(_: Exercise, f: int, _f: int, h: int, w: int, c: int, millions: int) -> Callable[[str], bool]:
    def cost(filters: int) -> int:
        return products([meta(nn.Conv2d, c, filters, f, padding="same")], empty(h, w, c))

    return lambda answer: cost(whole(answer)) <= millions * 10**6 < cost(whole(answer) + 1)


@asks(
    "stride-for-size",
    "Filters of #x# with padding # are to make #x# of #x#. Which stride do they need?",
)
def _(_: Exercise, f: int, _f: int, p: int, made: int, _m: int, h: int, _h: int) -> Callable[[str], bool]:
    return lambda answer: conv(1, 1, f, int(answer), p)(empty(h, h, 1)).shape[-1] == made


@asks(
    "fewest-weights",
    "The receptive field is to be #x#, with # channels in and out of every convolution, stride 1 and no biases. "
    "Which of these designs reaches it with the fewest parameters?",
)
def _(exercise: Exercise, r: int, _r: int, c: int) -> Callable[[str], bool]:
    times = {"one": 1, "two": 2, "three": 3, "four": 4}

    def cost(answer: str) -> float:
        parts = [part.split() for part in answer.split(" and ")]
        kernels = [int(kernel.split("x")[0]) for number, kernel in parts for _ in range(times[number])]
        enough = field([(kernel, 1, 1) for kernel in kernels]) == f"{r}x{r}"
        return params(*[conv(c, c, kernel, bias=False) for kernel in kernels]) if enough else float("inf")

    best = min([cost(option.answer.text.en) for option in exercise.options])
    return lambda answer: cost(answer) == best


@asks(
    "bottleneck-width",
    "On #x#x#, a 1x1 convolution with M filters and then a #x# convolution with # filters keep the size. How "
    "large may M be at most if both together may take # million multiplications?",
)
def _(_: Exercise, h: int, w: int, c: int, f: int, _f: int, k: int, millions: int) -> Callable[[str], bool]:
    def cost(width: int) -> int:
        return products([conv(c, width, 1), meta(nn.Conv2d, width, k, f, padding="same")], empty(h, w, c))

    return lambda answer: cost(whole(answer)) <= millions * 10**6 < cost(whole(answer) + 1)

"""Parameters and multiplications, as PyTorch counts them."""

from __future__ import annotations

from torch import nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.networks import conv, empty, layers_of, meta, params, products
from tests.quiz.oracle.reading import asks


@asks(
    "convolution-parameters",
    "A convolution has # filters of #x#, each with a bias, on an input of #x#x#. It keeps the size of the input. How "
    "many parameters does it have?",
)
def _(_: Exercise, k: int, f: int, _f: int, _h: int, _w: int, c: int) -> str:
    return f"{params(conv(c, k, f)):,}"


@asks(
    "weights-alone",
    "CONV#-# has # filters of #x# without biases, on a volume with # channels. How many parameters does the layer "
    "have?",
)
def _(_: Exercise, f: int, k: int, _k: int, _f: int, _f2: int, c: int) -> str:
    return f"{params(conv(c, k, f, bias=False)):,}"


@asks(
    "linear-parameters",
    "A fully connected layer with # outputs, each with a bias, follows a volume of #x#x#. How many parameters "
    "does it have?",
)
def _(_: Exercise, outputs: int, h: int, w: int, c: int) -> str:
    return f"{params(meta(nn.Linear, empty(h, w, c).numel(), outputs)):,}"


@asks(
    "network-parameters",
    "A network for inputs of #x#x# has these layers; every filter and every output has a bias. How many parameters "
    "does the network have?",
)
def _(exercise: Exercise, h: int, _w: int, c: int) -> str:
    return f"{params(*layers_of(exercise, h, c)):,}"


@asks(
    "grouped-parameters",
    "A convolution has # filters of #x# in # groups, without biases, on an input of #x#x#. How many parameters does it "
    "have?",
)
def _(_: Exercise, k: int, f: int, _f: int, g: int, _h: int, _w: int, c: int) -> str:
    return f"{params(conv(c, k, f, groups=g, bias=False)):,}"


@asks(
    "normalised-parameters",
    "# filters of #x# without biases are applied to #x#x#, and a batch normalisation with γ and β follows. How many "
    "parameters do both layers learn?",
)
def _(_: Exercise, k: int, f: int, _f: int, _h: int, _w: int, c: int) -> str:
    return f"{params(conv(c, k, f, bias=False), nn.BatchNorm2d(k)):,}"


@asks(
    "unshared-parameters",
    "A locally connected layer works like a convolution with # filters of #x# (stride 1, no padding) on #x#x#, but "
    "every neuron has weights and a bias of its own. How many parameters does it have?",
)
def _(_: Exercise, k: int, f: int, _f: int, h: int, w: int, c: int) -> str:
    one = conv(c, 1, f)
    neurons = conv(c, k, f)(empty(h, w, c)).numel()
    return f"{neurons * params(one):,}"


@asks(
    "stacked-parameters",
    "# convolutions of #x# stand in a row, each with # channels in and out and without biases. How many parameters do "
    "they have together?",
)
def _(_: Exercise, n: int, f: int, _f: int, c: int) -> str:
    return f"{params(*[conv(c, c, f, bias=False) for _ in range(n)]):,}"


@asks(
    "window-products",
    "# filters of #x# slide over an input of #x#x#. How many multiplications does a single value of the output take?",
)
def _(_: Exercise, _k: int, f: int, _f: int, h: int, w: int, c: int) -> str:
    return f"{products([conv(c, 1, f)], empty(f, f, c)):,}"


@asks(
    "convolution-products",
    "How many multiplications does a convolution with # filter?? of #x#, stride # and padding # take on an input of "
    "#x#x#?",
)
def _(_: Exercise, k: int, _s: str, f: int, _f: int, s: int, p: int, h: int, w: int, c: int) -> str:
    return f"{products([conv(c, k, f, s, p)], empty(h, w, c)):,}"


@asks(
    "linear-products",
    "A fully connected layer with # outputs, each with a bias, follows a volume of #x#x#. How many "
    "multiplications does it take for one image?",
)
def _(_: Exercise, outputs: int, h: int, w: int, c: int) -> str:
    return f"{products([nn.Flatten(), meta(nn.Linear, h * w * c, outputs)], empty(h, w, c)):,}"


@asks(
    "network-products",
    "An input of #x#x# goes through these layers, one after the other. How many multiplications do they take together?",
)
def _(exercise: Exercise, h: int, _w: int, c: int) -> str:
    return f"{products(layers_of(exercise, h, c), empty(h, h, c)):,}"


@asks(
    "reduced-products",
    "On #x#x#, a 1x1 convolution with # filters and then a #x# convolution with # filters keep the size. How many "
    "multiplications do both take together?",
)
def _(_: Exercise, h: int, w: int, c: int, m: int, f: int, _f: int, k: int) -> str:
    return f"{products([conv(c, m, 1), meta(nn.Conv2d, m, k, f, padding='same')], empty(h, w, c)):,}"


@asks(
    "separable-products",
    "On #x#x#, a depthwise #x# convolution and then a 1x1 convolution to # channels keep the size. How many "
    "multiplications do both take together?",
)
def _(_: Exercise, h: int, w: int, c: int, f: int, _f: int, k: int) -> str:
    depthwise = meta(nn.Conv2d, c, c, f, padding="same", groups=c)
    return f"{products([depthwise], empty(h, w, c)) + products([conv(c, k, 1)], empty(h, w, c)):,}"

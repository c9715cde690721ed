"""The layers of ``torch.nn`` in the words of the language: one small function for each kind.

Each takes what PyTorch's module or function has been given and returns the word and what follows it, or
raises `Unsayable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import nn

from cnncalc.layers.activation import MODULES, SLOPED
from cnncalc.model.importing.operations import Token, Tokens, flag, literal, option, rate, sides, size

Pairs = tuple[tuple[int, int], ...]


class Unsayable(Exception):
    """What the language has no word for; the message says why, where the operation's name does not."""


class Wording(NamedTuple):
    """A layer's word and what follows it."""

    word: str
    tokens: Tokens = ()


def each(value: Any, dimensions: int) -> tuple[int, ...]:
    """Return one number per dimension, given one for all or one for each."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value,)
    return tuple(map(int, numbers * dimensions if len(numbers) == 1 else numbers))


def alike(numbers: tuple[int, ...]) -> Pairs:
    """Return the same padding before and after."""
    return tuple([(number, number) for number in numbers])


def from_torch(padding: tuple[int, ...], dimensions: int) -> Pairs:
    """Read (before, after) per dimension from PyTorch's order, the last dimension first."""
    pairs = [(padding[place], padding[place + 1]) for place in range(0, len(padding), 2)]
    return (*[(0, 0)] * (dimensions - len(pairs)), *pairs[::-1])


# ---- windows


def convolution(
    channels: int,
    filters: int,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: Pairs,
    dilation: tuple[int, ...],
    groups: int,
    bias: bool,
) -> Wording:
    """Word a convolution, a depthwise one by its own word."""
    depthwise = groups == channels > 1
    own = () if depthwise and filters == channels else (filters,)
    kinds = ("kernel",) * len(kernel) + ("width",) * len(own)
    tokens = (
        Token("", (*kernel, *own), kinds),
        option("s", "stride", stride, 1),
        *sides("p", pads),
        option("d", "dilation", dilation, 1),
        *(() if depthwise else (option("g", "groups", (groups,), 1),)),
        *flag("nobias", not bias),
    )
    return Wording("dwconv" if depthwise else "conv", tokens)


def padding_of(module: Any, dimensions: int) -> Pairs:
    """Return what a convolution of ``torch.nn`` pads with zeros; ``same`` puts an odd value after."""
    if module.padding == "valid":
        return alike((0,) * dimensions)
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        return tuple([(total // 2, total - total // 2) for total in totals])
    return alike(each(module.padding, dimensions))


def transposed(module: Any) -> Wording:
    """Word a transposed convolution."""
    kernel = tuple(module.kernel_size)
    tokens = (
        Token("", (*kernel, module.out_channels), ("kernel",) * len(kernel) + ("width",)),
        option("s", "stride", tuple(module.stride), 1),
        *sides("p", alike(tuple(module.padding))),
        option("op", "outpad", tuple(module.output_padding), 0),
        option("d", "dilation", tuple(module.dilation), 1),
        option("g", "groups", (module.groups,), 1),
        *flag("nobias", module.bias is None),
    )
    return Wording("deconv", tokens)


def pool(
    word: str,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: Pairs,
    dilation: tuple[int, ...] = (),
    ceil: bool = False,
    more: Tokens = (),
) -> Wording:
    """Word a pool over windows."""
    tokens = (
        size(kernel, "size"),
        Token("s", stride, ("stride",) * len(stride)),
        *sides("p", pads),
        *((option("d", "dilation", dilation, 1),) if dilation else ()),
        *flag("ceil", ceil),
        *more,
    )
    return Wording(word, tokens)


def adaptive(what: str, wanted: Any, spatial: tuple[int, ...]) -> Wording:
    """Word an adaptive pool (``avg`` or ``max``), a global one by its own word."""
    numbers = wanted if isinstance(wanted, tuple | list) else (wanted,) * len(spatial)
    sizes = tuple([old if new is None else int(new) for new, old in zip(numbers, spatial, strict=True)])
    if max(sizes) == 1:
        return Wording("gap" if what == "avg" else "gmp")
    return Wording(f"adaptive{what}pool", (size(sizes, "size"),))


# ---- activations


def activation(word: str, slope: float | None = None) -> Wording:
    """Word an activation, with its slope or alpha where that is not PyTorch's own."""
    return Wording(word, () if slope is None else literal("", slope, SLOPED[word]))


def clamped(low: float | None, high: float | None) -> Wording:
    """Word a clamp, if it is one of the activations."""
    words: Mapping[tuple[float | None, float | None], str] = {
        (0.0, 6.0): "relu6",
        (-1.0, 1.0): "hardtanh",
        (0.0, None): "relu",
    }
    word = words.get((low if low is None else float(low), high if high is None else float(high)))
    if word is None:
        raise Unsayable(f"it has words for the ranges 0 to 6, −1 to 1 and 0 upwards, not {low} to {high}")
    return Wording(word)


def gelu(approximate: str) -> Wording:
    """Word a GELU."""
    if approximate != "none":
        raise Unsayable(f"its gelu is the exact one, not approximate={approximate!r}")
    return Wording("gelu")


def softplus(beta: float, threshold: float) -> Wording:
    """Word a softplus."""
    if threshold != 20:
        raise Unsayable(f"its threshold is 20, not {threshold:g}")
    return activation("softplus", beta)


_NOT_PLAIN = ("gelu", "hardtanh", "softmax", "logsoftmax", "swish")


def _always(words: Wording) -> Callable[[Any], Wording]:
    return lambda module: words


_PLAIN = {name: word for word, name in MODULES.items() if word not in (*SLOPED, *_NOT_PLAIN)}

ACTIVATIONS: Mapping[type[nn.Module], Callable[[Any], Wording]] = {
    **{getattr(nn, name): _always(Wording(word)) for name, word in _PLAIN.items()},
    nn.LeakyReLU: lambda m: activation("leakyrelu", m.negative_slope),
    nn.ELU: lambda m: activation("elu", m.alpha),
    nn.CELU: lambda m: activation("celu", m.alpha),
    nn.Softplus: lambda m: softplus(m.beta, m.threshold),
    nn.GELU: lambda m: gelu(m.approximate),
    nn.Hardtanh: lambda m: clamped(m.min_val, m.max_val),
    nn.Dropout: lambda m: Wording("dropout", (rate(m.p),)),
}
"""Modules that work on every value alone, whatever the layout."""


# ---- normalisation


def batch_norm(eps: float, momentum: float | None, affine: bool) -> Wording:
    """Word a batch normalisation."""
    if momentum is None:
        raise Unsayable("its running mean moves by a momentum, and this one averages over all batches")
    return Wording("bn", (*_eps(eps), *literal("momentum=", momentum, 0.1), *flag("noaffine", not affine)))


def instance_norm(eps: float, momentum: float, affine: bool) -> Wording:
    """Word an instance normalisation."""
    return Wording("instancenorm", (*_eps(eps), *literal("momentum=", momentum, 0.1), *flag("affine", affine)))


def group_norm(groups: int, eps: float, affine: bool) -> Wording:
    """Word a group normalisation."""
    return Wording("gn", (size((groups,), "groups"), *_eps(eps), *flag("noaffine", not affine)))


def layer_norm(eps: float, affine: bool) -> Wording:
    """Word a layer normalisation over the channels."""
    return Wording("ln", (*_eps(eps), *flag("noaffine", not affine)))


def local_response_norm(neighbours: int, alpha: float, beta: float, k: float) -> Wording:
    """Word a local response normalisation."""
    options = (*literal("alpha=", alpha, 1e-4), *literal("beta=", beta, 0.75), *literal("k=", k, 1.0))
    return Wording("lrn", (size((neighbours,), "size"), *options))


def _eps(eps: float) -> Tokens:
    return literal("eps=", eps, 1e-5)


# ---- the rest


def fully_connected(outputs: int, bias: bool) -> Wording:
    """Word a fully connected layer."""
    return Wording("fc", (size((outputs,), "width"), *flag("nobias", not bias)))


def pointwise(channels: int, outputs: int, bias: bool, dimensions: int) -> Wording:
    """Word a linear layer at every position: a 1x1 convolution."""
    ones = (1,) * dimensions
    return convolution(channels, outputs, ones, ones, alike((0,) * dimensions), ones, 1, bias)


def dropped_path(p: float) -> Wording:
    """Word a stochastic depth."""
    return Wording("droppath", (rate(p),))


def cut(start: int, stop: int) -> Wording:
    """Word a range of channels."""
    return Wording("slice", (Token("", (start, stop), ("cut", "cut"), ":"),))


def scale(start: float) -> Wording:
    """Word a learned factor per channel."""
    return Wording("scale", literal("", start, 1.0))


def upsampled(factors: tuple[int, ...], mode: str) -> Wording:
    """Word an enlargement."""
    return Wording("upsample", (option("x", "factor", factors, -1), *flag(mode, mode != "nearest")))

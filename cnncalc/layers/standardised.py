"""Standardised weights: ``conv 3x3x64 standardised``, and with a learned factor per filter ``standardised gain=1``."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.core.errors import Fault
from cnncalc.layers.kernels import Extra, Kernel
from cnncalc.layers.number_lists import read_number
from cnncalc.layers.operations import Box, Operations, State, StateTensor, exact, standardised
from cnncalc.layers.steps import Module, OwnModule
from cnncalc.layers.written import Token, Tokens, literal, short

if TYPE_CHECKING:
    from cnncalc.layers.arguments import Arguments
    from cnncalc.layers.torch_calls import TorchCall

EPS = 1e-6
"""What is added to the variance where nothing is written, as in timm."""


class Standard(NamedTuple):
    """How the weights of each filter get the mean 0 and the variance 1 before they are used.

    With a ``gain`` they are then multiplied by gain/√(weights of a filter) and by a learned factor per filter that
    starts at 1 (Brock, De, Smith, 2021); without one they are not (Qiao et al., 2019).
    """

    eps: float = EPS
    gain: float | None = None

    def module(self, convolution: Module, fan_in: int) -> OwnModule:
        """Return the module of a convolution whose weights are standardised."""
        plain = {key: value for key, value in convolution.kwargs.items() if _UNUSUAL.get(key) != value}
        settings: dict[str, Any] = {**plain, **({} if self.eps == EPS else {"eps": self.eps})}
        if self.gain is not None:
            settings["scale"] = self.gain / sqrt(fan_in)
        dimensions = int(convolution.name[-2])
        channels, filters, kernel = convolution.args
        sides = kernel if isinstance(kernel, tuple) else (kernel,) * dimensions
        return OwnModule("StandardisedConvolution", (channels, filters, sides), settings)

    def state(self, filters: int) -> tuple[StateTensor, ...]:
        """Return what a convolution has beside its weights and biases."""
        return () if self.gain is None else (StateTensor("gain", (filters,), (1,)),)

    def rows(self, rows: list[Box], state: State, use: Operations) -> list[Box]:
        """Return the weights of each filter as they are used."""
        made = [standardised(use, row, exact(self.eps)) for row in rows]
        if self.gain is None:
            return made
        scale = self.gain / sqrt(len(rows[0]))
        gains = [use.weighted((gain,), (scale,)) for gain in state["gain"]]
        return [[use.product(value, gain) for value in row] for row, gain in zip(made, gains, strict=True)]

    def kernel(self, kernel: Kernel, weights: int, filters: int, biases: int) -> Kernel:
        """Return the kernel of a convolution with standardised weights: a copy of these, and their statistics."""
        gains = (filters,) if self.gain is not None else ()
        return kernel._replace(
            parameters=(biases,) if biases else (),
            standardised=(weights, *gains),
            statistics=filters * (2 + len(gains)),
            # the scaled factors are kept with the statistics; in inference a variable of the function holds them
            extras=(Extra(fixed=weights), *[Extra(fixed=values, of_inference=True) for values in gains]),
        )


_UNUSUAL: Mapping[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}


def read_standard(arguments: Arguments, given: bool) -> Standard | None:
    """Read ``standardised``, ``eps=`` and ``gain=``; ``given`` says that the weights are written out."""
    if not (arguments.flag("standardised") or arguments.flag("standardized")):
        return None
    if given:
        hints = ["leave out `standardised`, or leave out the numbers"]
        message = "`standardised` is for weights that are learned and begin at random"
        raise Fault("bad-option", message, about="standardised", hints=hints)
    eps = arguments.decimal("eps", EPS)
    if eps < 0:
        raise Fault("out-of-range", f"eps is at least 0, not {eps:g}", about="eps")
    gain = arguments.option("gain")
    return Standard(eps, None if gain is None else read_number(gain, "gain"))


def standard_tokens(call: TorchCall) -> Tokens:
    """Write how a convolution of PyTorch standardises its weights; () where it uses them as they are.

    Its weight, and its gain where it has one, are then what the layer learns.
    """
    found = call.standardised("weight")
    if found is None:
        return ()
    eps, scale, shape = found
    gain = () if scale is None else (Token("gain=", (short(scale * sqrt(prod(shape[1:]))),), ("",)),)
    return (Token("standardised"), *literal("eps=", eps, EPS), *gain)

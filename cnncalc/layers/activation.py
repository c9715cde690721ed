"""Activations: each value goes through a function on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import (
    AS_IT_ARRIVES,
    FORMAT,
    INPUTS,
    LOWERED,
    OUTPUT,
    RAISED_ON_CUDA,
    Extra,
    Kernel,
    Kernels,
)
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of, exact
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Steps, module
from cnncalc.layers.written import Unsayable, flag, literal, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall

_TORCH = {
    "relu": "torch.nn.ReLU relu(inplace=False)",
    "relu6": "torch.nn.ReLU6 relu6(inplace=False)",
    "leakyrelu": "torch.nn.LeakyReLU leaky_relu(negative_slope=0.01, inplace=False)",
    "elu": "torch.nn.ELU elu(alpha=1.0, inplace=False)",
    "celu": "torch.nn.CELU celu(alpha=1.0, inplace=False)",
    "selu": "torch.nn.SELU selu(inplace=False)",
    "gelu": "torch.nn.GELU gelu(approximate='none')",
    "silu": "torch.nn.SiLU silu(inplace=False)",
    "mish": "torch.nn.Mish mish(inplace=False)",
    "hardswish": "torch.nn.Hardswish hardswish(inplace=False)",
    "hardsigmoid": "torch.nn.Hardsigmoid hardsigmoid(inplace=False)",
    "hardtanh": "torch.nn.Hardtanh hardtanh(min_val=-1.0, max_val=1.0, inplace=False)",
    "sigmoid": "torch.nn.Sigmoid sigmoid",
    "tanh": "torch.nn.Tanh tanh",
    "softplus": "torch.nn.Softplus softplus(beta=1.0, threshold=20.0)",
    "softsign": "torch.nn.Softsign softsign",
    "identity": "torch.nn.Identity",
}
"""The words of the activations, and what they are in PyTorch."""

_SAME = {"swish": "silu", "gelutanh": "gelu"}
"""Second words for activations, or for a way to compute one."""

_SETTINGS: dict[str, dict[str, Any]] = {"gelutanh": {"approximate": "tanh"}}
"""What the module of PyTorch is given for a way to compute an activation."""

SLOPED = {"leakyrelu": 0.01, "elu": 1.0, "celu": 1.0, "softplus": 1.0}
"""Activations with a number of their own (slope, alpha or beta), and PyTorch's value for it."""

_CLAMPS: dict[tuple[float, float | None], str] = {(0, 6): "relu6", (-1, 1): "hardtanh", (0, None): "relu"}
"""Activations that cut values off below and above."""

_VOLUMES = ("8x8x4", "1x1x6")
_KEEPS_OUTPUT = frozenset(("relu", "sigmoid", "tanh"))
_RAISED = frozenset(("softplus",))
_OVERWRITING = frozenset(("relu", "relu6", "leakyrelu", "elu"))


@register(*_TORCH, *_SAME)
@dataclass(eq=False, repr=False)
class Activation(Layer):
    """``relu``, ``leakyrelu 0.1``, …

    ``slope`` is the slope, alpha or beta that may follow; None where the function has none.
    """

    function: str
    slope: float | None

    takes_vectors = True
    role = "activation"
    torch_calls = (
        *_TORCH.values(),
        "clamp clip(min=None, max=None)",
    )
    other_names = (("leakyrelu", "lrelu leaky", r"(?:leaky ?relu|lrelu)"),)
    examples = tuple(
        [f"{source}: {text}" for text in (*_TORCH, *_SAME, "leakyrelu 0.2", "softplus 2") for source in _VOLUMES]
    )

    @property
    def may_overwrite(self) -> bool:  # type: ignore[override]  # only some gain from it
        return self.function in _OVERWRITING and (self.slope is None or self.slope > 0)

    @property
    def kind(self) -> str:  # type: ignore[override]  # one class stands for many words
        return self.function

    @classmethod
    def read(cls, arguments: Arguments) -> Activation:
        default = SLOPED.get(arguments.word)
        if default is None:
            return cls(arguments.word, None)
        slope = arguments.number("slope", default)
        if slope == 0 and arguments.word in ("celu", "softplus"):
            raise Fault("out-of-range", f"the number of a {arguments.word} is not 0", about="slope")
        return cls(arguments.word, slope)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        word = call.name.replace("_", "").lower()
        if word == "identity":
            return call.unchanged()
        if word in ("hardtanh", "clamp", "clip"):
            lowest, highest = ("min_val", "max_val") if word == "hardtanh" else ("min", "max")
            word = _clamp(call[lowest], call[highest])
        if word == "gelu" and call["approximate"] != "none":
            word = "gelutanh"
        if word == "softplus" and call["threshold"] != 20:
            raise Unsayable(f"its threshold is 20, not {call['threshold']:g}")
        slope = literal("", call[_NUMBERS[word]], SLOPED[word]) if word in SLOPED else ()
        return call.elementwise(words(word, slope))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        torch = _TORCH[_SAME.get(self.function, self.function)]
        name = torch.partition("(")[0].split()[0].removeprefix("torch.nn.")
        settings = _SETTINGS.get(self.function, {})
        usual = self.slope is None or self.slope == SLOPED[self.function]
        return (module(name, **settings) if usual else module(name, self.slope),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        from cnncalc.layers.curves import curve_of  # only values need it

        if self.function == "identity":
            return arriving[0]
        curve = curve_of(self.function, self.slope)
        return [use.mapped(self.function, value, curve) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        if self.function == "identity":
            return ()
        values = sources[0].values
        if overwrites and self.function == "relu6":  # PyTorch keeps a copy of the input, so nothing is gained
            return (Kernel("relu6", values, extras=(Extra(values, of_gradient=True),), overwrites=True),)
        keeps = OUTPUT if overwrites or self.function in _KEEPS_OUTPUT else INPUTS
        if self.function == "softsign":  # x / (|x| + 1)
            return (
                Kernel("abs", values, keeps=INPUTS, scratch=values),
                Kernel("add", values),
                Kernel("div", values, (0, 2), keeps=INPUTS, scratch=2 * values),
            )
        casts = RAISED_ON_CUDA if self.function in _RAISED else AS_IT_ARRIVES
        return (
            Kernel(_SAME.get(self.function, self.function), values, keeps=keeps, overwrites=overwrites, casts=casts),
        )


_NUMBERS = {"leakyrelu": "negative_slope", "elu": "alpha", "celu": "alpha", "softplus": "beta"}


def _clamp(low: float | None, high: float | None) -> str:
    word = _CLAMPS.get((low, high)) if low is not None else None
    if word is None:
        raise Unsayable(f"it has words for the ranges 0 to 6, −1 to 1 and 0 upwards, not {low} to {high}")
    return word


@register("prelu")
@dataclass(eq=False, repr=False)
class ParametricRelu(Layer):
    """``prelu 0.25``: a ReLU with a learned slope, one for all channels or (``perchannel``) one for each."""

    start: float
    per_channel: bool

    kind = "prelu"
    role = "activation"
    takes_vectors = True
    examples = ("8x8x4: prelu", "8x8x4: prelu 0.1 perchannel")

    @classmethod
    def read(cls, arguments: Arguments) -> ParametricRelu:
        return cls(arguments.number("slope", 0.25), arguments.flag("perchannel"))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels if self.per_channel else 1,)

    torch_calls = ("torch.nn.PReLU(num_parameters=1, init=0.25)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        value = call.common_value("weight")
        start = literal("", call["init"] if value is None else round(value, 8), 0.25)
        per_channel = call["num_parameters"] > 1 or call.source.channels == 1
        return call.channelwise(words(cls.kind, start, flag("perchannel", per_channel)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("PReLU", *self.weight_factors(sources), init=self.start),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        return (StateTensor("weight", self.weight_factors(sources), (exact(self.start),)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        slopes = state["weight"] if self.per_channel else state["weight"] * len(channels)
        return [
            value if use.number(value) > 0 else use.product(value, slope)
            for channel, slope in zip(channels, slopes, strict=True)
            for value in channel
        ]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].values  # the slope's gradient is computed for every value, then summed
        prelu = Kernel("prelu", values, keeps=INPUTS, parameters=self.tensors(sources), lies=FORMAT, casts=LOWERED)
        return (prelu._replace(scratch=values, makes_all=True),)

"""Softmax over the channels, across parts of them (``groups=2``), or over all positions (``over=positions``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, UNKNOWN_REACH, Layer, Reach, Sources, Texts
from cnncalc.layers.kernels import CHANNELS_FIRST, OUTPUT, RAISED_ON_CUDA, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, channels_first, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Unsayable, Words, flag, option, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("softmax")
@dataclass(eq=False, repr=False)
class Softmax(Layer):
    """``softmax``: values above 0 whose sum is 1, over the channels of each position.

    With ``groups=2`` the sum over the first channel of each of 2 equal parts is 1, and so on (split attention); with
    ``over=positions`` that of each channel over all positions. ``groups`` is 0 for all channels.
    """

    groups: int
    over_positions: bool

    kind = "softmax"
    windows_vary = True
    role = "activation"
    torch_name = "Softmax"
    other_names: ClassVar[tuple[tuple[str, str, str], ...]] = (("softmax", "", "soft max"),)
    examples: ClassVar[Texts] = (
        *("8x8x4: softmax", "1x1x6: softmax", "8x8x4: softmax groups=2", "1x1x6: softmax g3"),
        *("8x8x4: softmax over=positions", "8x4: softmax over=positions"),
    )

    @property
    def takes_vectors(self) -> bool:  # type: ignore[override]  # a vector has no positions
        return not self.over_positions

    @classmethod
    def read(cls, arguments: Arguments) -> Softmax:
        over, groups = arguments.option("over"), arguments.whole("groups", 0)
        if over not in (None, "channels", "positions"):
            hints = ["write `over=positions` or `over=channels`"]
            raise Fault(
                "bad-option",
                f"softmax goes over channels or positions, not `{shorten(over)}`",
                about="over",
                hints=hints,
            )
        if over == "positions" and groups:
            raise Fault("bad-option", "softmax goes over positions or across groups, not both", about="groups")
        channels = arguments.channels
        if groups and channels % groups:
            arguments.refuse_groups(groups, "groups")
        return cls(groups, over == "positions")

    torch_calls: ClassVar[Texts] = (
        "torch.nn.Softmax(dim=None)",
        "torch.nn.Softmax2d",
        "softmax(dim=None, _stacklevel=3, dtype=None)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        axis = 1 if call["dim"] is None else call["dim"]
        call = call.groups_first(axis)
        what, size = call.along(axis)
        if what == "channels" or (what == "one" and call.source.channels == 1):
            return call.elementwise(Words(cls.kind))
        if what == "one":
            what, size = "groups", 1
        if what == "groups":
            return call.elementwise(words(cls.kind, option("g", "groups", (size,), 0)))
        if what == "positions":
            return call.elementwise(words(cls.kind, flag("over=positions")))
        raise Unsayable("it goes over channels, or over all positions")

    def reach(self, source: Volume, axis: int) -> Reach | None:
        size = source.spatial[axis]
        if not self.over_positions or size == 1:
            return None
        return Reach(((0, size - 1),) * size, size) if size <= MAX_WINDOWS else UNKNOWN_REACH

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        softmax = module(self.torch_name, dim=1)
        if self.over_positions:
            back = Function("unflatten", (2, sources[0].spatial))
            last = module(self.torch_name, dim=2)
            return (last,) if sources[0].dimensions == 1 else (Function("flatten", (2,)), last, back)
        if not self.groups:
            return (softmax,)
        apart = self.groups, sources[0].channels // self.groups
        return Function("unflatten", (1, apart)), softmax, Function("flatten", (1, 2))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        if self.over_positions:
            return [share for channel in channels for share in self.shares(channel, use)]
        apart = len(channels) // self.groups if self.groups else 1
        parts: list[list[Box]] = [
            [self.shares(values, use) for values in map(list, zip(*channels[place::apart], strict=True))]
            for place in range(apart)
        ]
        shares = [channels_of(channels_first(part), len(channels) // apart) for part in parts]
        return [value for group in zip(*shares, strict=True) for channel in group for value in channel]

    def shares(self, values: Box, use: Operations) -> Box:
        """Return e^x divided by the sum of all e^x, the largest x taken away first so that nothing overflows."""
        from cnncalc.layers.curves import exponential  # only values need it

        powers = [use.mapped("exp", value, exponential) for value in _below_largest(values, use)]
        total = use.total(powers)
        return [use.quotient(value, total) for value in powers]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        softmax = Kernel(self.kind, sources[0].values, keeps=OUTPUT, lies=CHANNELS_FIRST, casts=RAISED_ON_CUDA)
        return (softmax,)


def _below_largest(values: Box, use: Operations) -> Box:
    """Return x − max, with the largest as a constant: it changes neither a softmax nor its gradient."""
    largest = max(map(use.number, values))
    return [use.weighted((value,), (1,), -largest) for value in values]


@register("logsoftmax")
class LogSoftmax(Softmax):
    """``logsoftmax``: the logarithm of a softmax over the channels of each position."""

    kind = "logsoftmax"
    torch_name = "LogSoftmax"
    examples = ("8x8x4: logsoftmax", "1x1x6: logsoftmax")
    torch_calls = ("torch.nn.LogSoftmax(dim=None)", "log_softmax(dim=None, _stacklevel=3, dtype=None)")
    other_names = ()

    @classmethod
    def read(cls, arguments: Arguments) -> LogSoftmax:
        return cls(0, False)

    def shares(self, values: Box, use: Operations) -> Box:
        from cnncalc.layers.curves import exponential, logarithm  # only values need it

        below = _below_largest(values, use)
        total = use.total([use.mapped("exp", value, exponential) for value in below])
        log = use.mapped("log", total, logarithm)
        return [use.difference(value, log) for value in below]

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.over_channels(Words(cls.kind), 1 if call["dim"] is None else call["dim"])

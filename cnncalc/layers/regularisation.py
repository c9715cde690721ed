"""Regularisation: ``dropout 0.5``, ``dropout2d 0.5``, ``droppath 0.1``. All are still when testing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import Extra, Kernel, Kernels, stretched
from cnncalc.layers.operations import Box, Operations, State
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Unsayable, rate, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall

_RATES = {"dropout": 0.5, "dropout2d": 0.5, "droppath": 0.1}


@register(*_RATES)
@dataclass(eq=False, repr=False)
class Dropout(Layer):
    """Zeroes values (dropout), whole channels (dropout2d) or the whole branch of an image (droppath)."""

    what: str
    rate: float

    role = "regularisation"
    takes_vectors = True
    other_names = (("dropout", "", "drop out"),)
    examples = (
        "8x8x4: dropout 0.5",
        "1x1x6: dropout 0.3",
        "8x8x4: dropout2d 0.5",
        "8x8x4: droppath 0.1",
    )

    @property
    def kind(self) -> str:  # type: ignore[override]  # one class stands for three words
        return self.what

    @classmethod
    def read(cls, arguments: Arguments) -> Dropout:
        written = arguments.number("rate", _RATES[arguments.word])
        if not 0 <= written <= 1:
            message = f"the rate of {arguments.word} lies between 0 and 1, not {written:g}"
            raise Fault("out-of-range", message, about="rate")
        return cls(arguments.word, written)

    def keeps_nothing(self) -> bool:
        return self.rate == 1

    torch_calls = (
        "torch.nn.Dropout torch.nn.Dropout{n}d(p=0.5, inplace=False)",
        "dropout dropout{n}d(p=0.5, training=True, inplace=False)",
        "StochasticDepth stochastic_depth(p, mode='row', training=True)",
        "DropPath(drop_prob=0.0, mode='row')",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        name = call.name.lower()
        if name in ("stochasticdepth", "stochastic_depth", "droppath"):
            if call["mode"] != "row":
                raise Unsayable("its droppath drops images, not whole batches")
            probability = call["drop_prob" if name == "droppath" else "p"] or 0.0
            return call.elementwise(words("droppath", rate(probability)))
        if name == "dropout":
            return call.elementwise(words("dropout", rate(call["p"])))
        if call.images_in_front:  # with a dimension in front, what is dropped whole are images
            return call.elementwise(words("droppath", rate(call["p"])))
        return call.channelwise(words("dropout2d", rate(call["p"])))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        if self.what == "dropout" or (vector and self.what == "dropout2d"):
            return (module("Dropout", self.rate),)
        if self.what == "dropout2d":
            return (module("Dropout", self.rate, dimensions=sources[0].dimensions),)
        # with a dimension in front, the images are what Dropout1d takes for channels and drops whole
        flat = () if vector else (Function("flatten", (1,)),)
        back = () if vector else (Function("unflatten", (1, _channels_first(sources[0]))),)
        drop = (Function("unsqueeze", (0,)), module("Dropout1d", self.rate), Function("squeeze", (0,)))
        return *flat, *drop, *back

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        return arriving[0]  # a network is tested without it

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].values
        rows = (stretched(values),) if self.what == "droppath" else ()
        if self.rate == 0:  # PyTorch returns its input
            return rows
        if self.rate == 1:  # everything becomes 0 by a product with a single 0
            mask = Extra(fixed=1)
        elif self.what == "dropout" or max(sources[0].spatial) == 1 == sources[0].channels:
            mask = Extra(values, cuda_size=1)
        else:
            mask = Extra(1 if self.what == "droppath" else sources[0].channels)
        return *rows, Kernel("dropout", values, extras=(mask,), training_only=True)


def _channels_first(volume: Volume) -> tuple[int, ...]:
    return (volume.channels, *volume.spatial)

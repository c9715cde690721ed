"""How gradients fare on their way back from the output to the input: whether they vanish or explode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor, log10
from statistics import median
from typing import NamedTuple

MANY = 1000.0
"""From which ratio on a gradient is said to vanish or to explode between the last layer and the first."""

Norms = Mapping[str, float | None]
"""The gradient norm of each layer with weights in an epoch, from the input to the output; None: not known."""


class GradientFlow(NamedTuple):
    """The gradient norm of the first layer beside that of the last one.

    Attributes:
        first, last: names of the layers.
        ratio: the first layer's norm divided by the last layer's, in the median of the epochs; 0 where no gradient
            reaches the first layer.

    """

    first: str
    last: str
    ratio: float

    @property
    def vanishes(self) -> bool:
        """Whether the first layer has a gradient that is many times smaller."""
        return self.ratio <= 1 / MANY

    @property
    def explodes(self) -> bool:
        """Whether the first layer has a gradient that is many times larger."""
        return self.ratio >= MANY

    def sentence(self) -> str:
        """Say it in a sentence."""
        if not self.ratio:
            return f"No gradient reaches {self.first}: its norm is 0, so the layer learns nothing."
        norm = f"The gradient norm of {self.first} is"
        if self.vanishes:
            return f"{norm} {_times(1 / self.ratio)} times smaller than that of {self.last}: the gradient vanishes."
        if self.explodes:
            return f"{norm} {_times(self.ratio)} times larger than that of {self.last}: the gradient explodes."
        times = f"{self.ratio:.2g}" if self.ratio < 100 else f"{self.ratio:.0f}"
        return f"{norm} {times} times that of {self.last}: the gradient neither vanishes nor explodes."


def _times(ratio: float) -> str:
    return f"{float(f'{ratio:.2g}'):,.0f}" if ratio < 1e9 else f"10^{floor(log10(ratio))}"


def gradient_flow(epochs: Sequence[Norms]) -> GradientFlow | None:
    """Compare the first layer with the last one; None where there are no two layers, or nothing is known of them."""
    layers = [name for name, norm in epochs[-1].items() if norm is not None] if epochs else []
    if len(layers) < 2:
        return None
    first, last = layers[0], layers[-1]
    ratios = list(_ratios(epochs, first, last))
    if not ratios:
        return None
    return GradientFlow(first, last, median(ratios))


def _ratios(epochs: Sequence[Norms], first: str, last: str) -> Iterator[float]:
    for norms in epochs:
        one, other = norms.get(first), norms.get(last)
        if one is not None and other:
            yield one / other

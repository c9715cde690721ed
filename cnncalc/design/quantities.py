"""What is counted of a design, by name: in conditions, as what is maximised, and as columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.analysis.body_field import field_of_body
from cnncalc.analysis.depth import depth_of
from cnncalc.analysis.memory.plans import PeakCounter
from cnncalc.core.numbers import bytes_text, whole
from cnncalc.design.terms import BYTES, Amount
from cnncalc.network import Network
from cnncalc.network.costs import Totals

FLOAT = 4
"""Bytes of a float32."""


class Quantity(NamedTuple):
    """Something that is counted of a design.

    Attributes:
        title: what a table calls it.
        unit: `BYTES`, or "" for another number.
        of_totals: reads it off the totals; None for what needs the layers.
        of_network: works it out from the layers, and from what counts peaks of memory.
        show: how it is shown.

    """

    title: str
    unit: str = ""
    of_totals: Callable[[Totals], Amount] | None = None
    of_network: Callable[[Network, PeakCounter], Amount | None] | None = None
    show: Callable[[int], str] = whole


def _field(network: Network, peaks: PeakCounter) -> Amount | None:
    sizes = [field.size for field in field_of_body(network) if field is not None]
    return tuple(sizes) if len(sizes) == network.input.dimensions else None


QUANTITIES: Mapping[str, Quantity] = {
    "params": Quantity("parameters", "", lambda totals: totals.weights + totals.biases),
    "weights": Quantity("weights", "", lambda totals: totals.weights),
    "biases": Quantity("biases", "", lambda totals: totals.biases),
    "macs": Quantity("MACs", "", lambda totals: totals.macs),
    "flops": Quantity("FLOPs", "", lambda totals: 2 * totals.macs),
    "size": Quantity("size", BYTES, lambda totals: FLOAT * (totals.weights + totals.biases), show=bytes_text),
    "activations": Quantity("activations", "", lambda totals: totals.activations),
    "layers": Quantity("layers", "", lambda totals: totals.layers),
    "input": Quantity("input", "", lambda totals: totals.input.spatial),
    "output": Quantity("output", "", lambda totals: totals.output.spatial),
    "channels": Quantity("output channels", "", lambda totals: totals.output.channels),
    "depth": Quantity("depth", of_network=lambda network, peaks: depth_of(network).longest_path),
    "field": Quantity("receptive field", of_network=_field),
    "memory": Quantity("memory", BYTES, of_network=lambda network, peaks: peaks.peak(network), show=bytes_text),
}
"""All of them. ``field`` is that of `cnncalc.analysis.body_field`, ``depth`` counts layers with weights on the longest
path, ``memory`` is the peak of a training step or an inference, ``size`` that of the parameters in float32."""

UNITS_OF_QUANTITIES = {name: quantity.unit for name, quantity in QUANTITIES.items()}


def shown_amount(amount: Amount | None, show: Callable[[int], str] = whole) -> str:
    """Return an amount as a table shows it: ``62x62`` for sizes."""
    if amount is None:
        return "unknown"
    if isinstance(amount, tuple):
        return "x".join([f"{each}" for each in amount])
    return show(amount) if isinstance(amount, int) else f"{float(amount):.6g}"

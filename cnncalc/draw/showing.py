"""What ``--show`` writes into boxes: parameters, multiplications, memory of the outputs, or shares of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.core.numbers import bytes_text, in_units, share_text
from cnncalc.draw.scene import Costs

Shown = tuple[str, int, int]
"""The text (none where there is nothing to show), the number whose bar is drawn, and that of the whole network."""

_BYTES = 4  # of a value in float32


def _params(costs: Costs, totals: Costs) -> Shown:
    return f"{in_units(costs.params)} parameters" if costs.params else "", costs.params, totals.params


def _macs(costs: Costs, totals: Costs) -> Shown:
    return f"{in_units(costs.macs)} MACs" if costs.macs else "", costs.macs, totals.macs


def _memory(costs: Costs, totals: Costs) -> Shown:
    return bytes_text(_BYTES * costs.values), costs.values, totals.values


def _share(costs: Costs, totals: Costs) -> Shown:
    text = f"{share_text(costs.macs, totals.macs)} of MACs · {share_text(costs.params, totals.params)} of parameters"
    return text if costs.macs or costs.params else "", costs.macs, totals.macs


SHOWN: Mapping[str, Callable[[Costs, Costs], Shown]] = {
    "macs": _macs,
    "params": _params,
    "memory": _memory,
    "share": _share,
}
"""By the words of ``--show``. Memory is that of the outputs, in float32 for one image."""

"""The values of a small network for the page: grids of numbers, and the sum behind one of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any

from cnncalc.network import Network
from cnncalc.report.number_grids import number_text
from cnncalc.report.value_sums import expression, products_text
from cnncalc.values import Numbers
from cnncalc.values.compute import Computation, compute
from cnncalc.values.reading import fitted, read_numbers_text
from cnncalc.values.sums import unit_sum
from cnncalc.values.tape import ChosenValue, Products, Weighted

MOST_CHANNELS = 4
"""Channels of a volume that are shown."""
MOST_SIDE = 16
"""Rows and columns that are shown as numbers; a channel with more of them is shown as a picture, too."""
MOST_PICTURED = 512
"""Rows and columns of a picture."""


def shown_values(network: Network, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of every layer, and the sum of one unit where that is asked for.

    Args:
        network: a small one.
        wanted: ``values``, the input as text, or "" for numbers from ``seed``; ``layer`` and ``at``, the row, the
            column and the channel of a unit, or none.

    Raises:
        SpecError: for a network that is too large, and a layer whose values are not known.
        DataError: for numbers that do not fit.

    """
    text = str(wanted.get("values", "")).strip()
    given = fitted(read_numbers_text(text, "the input"), network.input, "the input") if text else None
    found = compute(network, given, seed=int(wanted.get("seed", 0)))
    layers: list[dict[str, Any]] = [
        {
            "name": layer.name,
            "written": layer.node.written,
            "volume": str(layer.node.output),
            "grids": _grids(layer.output, pictured=True),
            "channels": layer.node.output.channels,
            "tensors": [_tensor(name, tensor) for name, tensor in layer.state.items()],
        }
        for layer in found.layers
    ]
    told: dict[str, Any] = {
        "input": _written(found.input),
        "size": list(network.input),
        "grids": _grids(found.input, pictured=True),
        "layers": layers,
    }
    if wanted.get("layer"):
        told["sum"] = _sum(found, str(wanted["layer"]), wanted["at"])
    return told


def _tensor(name: str, numbers: Numbers) -> dict[str, Any]:
    grids, of = _grids(numbers), prod(numbers.shape[:-2])
    more = f"The first {len(grids)} of {of:,} grids of the {name} are shown." if of > len(grids) else ""
    return {"name": name, "grids": grids, "more": more}


def _grids(numbers: Numbers, *, pictured: bool = False) -> list[dict[str, Any]]:
    """Return the first channels or filters, each with the rows and columns that there is room for.

    A channel of which only a part is shown comes with all its values as a picture, where that is asked for.
    """
    grids: list[dict[str, Any]] = []
    for index, rows in numbers.grids():
        if len(grids) == MOST_CHANNELS * MOST_CHANNELS:
            break
        some = [[number_text(number) for number in row[:MOST_SIDE]] for row in rows[:MOST_SIDE]]
        cut = _cut(rows)
        grids.append({"index": list(index), "rows": some, "cut": cut})
        if pictured and cut and len(grids) <= MOST_CHANNELS and max(len(rows), len(rows[0])) <= MOST_PICTURED:
            grids[-1]["picture"] = _picture(rows)
    return grids


def _cut(rows: Sequence[Sequence[Any]]) -> str:
    """Say which part of a grid is shown; nothing where it is the whole."""
    sides = {"rows": len(rows), "columns" if len(rows) > 1 else "numbers": len(rows[0])}
    parts = [f"{MOST_SIDE} of {length:,} {name}" for name, length in sides.items() if length > MOST_SIDE]
    return f"The first {' and '.join(parts)} are shown." if parts else ""


def _picture(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the values of a channel as bytes, the least of them 0 and the greatest 255."""
    least, most = min(map(min, rows)), max(map(max, rows))
    across = most - least
    some = 0 < across < inf  # the range of floats may be none
    shades = bytes([round(255 * ((value - least) / across)) if some else 0 for row in rows for value in row])
    return {
        "high": len(rows),
        "wide": len(rows[0]),
        "shades": b64encode(shades).decode(),
        "least": number_text(least),
        "most": number_text(most),
    }


def _written(numbers: Numbers) -> str:
    """Return the numbers as one writes them: rows on lines, channels separated by ``|``."""
    channels = ["\n".join(" ".join(map(number_text, row)) for row in rows) for _, rows in numbers.grids()]
    return "\n|\n".join(channels)


def _sum(found: Computation, layer: str, at: Sequence[int]) -> dict[str, Any]:
    """Return the sum of a unit, and where in its input it reads."""
    unit = unit_sum(found, layer, at)
    node = found.layer(layer).node
    lines = [
        {"channel": part.channel, "text": products_text(part.products, None), "result": number_text(part.result)}
        for part in unit.parts
    ]
    cells = found.cells[node.inputs[0]]
    places = {id(cell): place for place, cell in enumerate(cells)}
    read = unit.cell.xs if isinstance(unit.cell, Products | ChosenValue | Weighted) else ()
    return {
        "lines": lines,
        "made": "" if lines else expression(unit, None),
        "bias": None if unit.bias is None else number_text(unit.bias),
        "result": number_text(unit.result),
        "reads": [places[id(cell)] for cell in read if id(cell) in places],
        "source": node.inputs[0],
    }

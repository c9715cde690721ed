"""The report of ``cnncalc verify --weights``: which tensor of a file goes where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.core.numbers import counted
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table

Sizes = tuple[int, ...]


class WeightsShown(NamedTuple):
    """Weights beside a network, as they are shown.

    Attributes:
        spec: the name of the spec.
        weights: the name of the weights.
        how: ``name`` or ``order``.
        rows: for each tensor of the network its name, its sizes, the name of the tensor that it takes or None, and the
            sizes of what the file has in its place or None.
        unused: names of the tensors that the network does not take.
        difference: between the outputs of the network and of torchvision's model, as a share of the largest output;
            None where they were not compared.
        tolerance: the largest difference that counts as equal.
        agrees: whether all tensors are found and the outputs are equal.

    """

    spec: str
    weights: str
    how: str
    rows: Sequence[tuple[str, Sizes, str | None, Sizes | None]]
    unused: Sequence[str]
    difference: float | None
    tolerance: float
    agrees: bool


def weights_report(shown: WeightsShown) -> Report:
    """Make the report: a row for each tensor of the network."""
    columns = (
        Column("name", "tensor"),
        Column("sizes", "sizes", _sizes),
        Column("source", "taken from", lambda source: source or "", rank=1),
        Column("remark", "", rank=1),
    )
    rows = [(name, sizes, source, _remark(source, found)) for name, sizes, source, found in shown.rows]
    taken = sum(source is not None for _, _, source, _ in shown.rows)
    summary = [("weights", f"{shown.weights}: {taken:,} of {len(rows):,} tensors by {shown.how}")]
    if shown.unused:
        summary.append(
            ("not used", f"{counted(len(shown.unused), 'tensor')} of the file: {', '.join(shown.unused[:6])}")
        )
    if shown.difference is not None:
        equal = "equal to" if shown.difference <= shown.tolerance else "other than"
        summary.append(("outputs", f"{equal} those of torchvision's model: they differ by {shown.difference:.1e}"))
    remarks = ["differences are shares of the largest output"] if shown.difference is not None else []
    return Report(Table(columns, rows), lambda: _data(shown), summary, remarks)


def _remark(source: str | None, found: Sizes | None) -> str:
    if source is not None:
        return "✓"
    return f"new: the file has {_sizes(found)}" if found else "new: the file has none"


def _sizes(sizes: Sizes) -> str:
    return "x".join(map(str, sizes)) or "1"


def _data(shown: WeightsShown) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": shown.spec,
        "weights": shown.weights,
        "matched_by": shown.how,
        "agrees": shown.agrees,
        "output_difference": shown.difference,
        "tensors": [
            {"name": name, "sizes": list(sizes), "source": source, "found": list(found) if found else None}
            for name, sizes, source, found in shown.rows
        ],
        "unused": list(shown.unused),
    }

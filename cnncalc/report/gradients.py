"""The report of gradient norms: how large the gradient of each layer was over a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.analysis.gradient_flow import Norms, gradient_flow
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table

MOST_EPOCHS = 6
"""Most epochs that people see; programs get all of them."""

METHOD = "L2 norm of the gradient of weights and biases in the last step of the epoch, before clipping"

NONE = "no gradient norms were recorded: the run is older than they are, or has no epoch yet, or no layer with weights"


def gradients_report(run: str, epochs: Mapping[int, Norms]) -> Report:
    """Make the report: a row for each layer with weights, from the input to the output, a column for each epoch.

    Args:
        run: the run's folder.
        epochs: the norms of each epoch for which they were recorded, by its number.

    """
    layers = list(dict.fromkeys(name for norms in epochs.values() for name in norms))
    seen = shown_epochs(list(epochs))
    columns = [Column("layer", "layer")]
    columns += [Column(f"epoch_{n}", f"epoch {n}", _number, right=True, people=n in seen) for n in epochs]
    rows = [(layer, *(norms.get(layer) for norms in epochs.values())) for layer in layers]
    flow = gradient_flow(list(epochs.values()))
    remarks = [flow.sentence()] if flow else [] if epochs else [NONE]
    summary = [("gradient norm", METHOD)] if epochs else []
    return Report(Table(tuple(columns), rows), lambda: _data(run, layers, epochs), summary, remarks)


def shown_epochs(epochs: Sequence[int]) -> set[int]:
    """Return the epochs that people see: the first, the last and some between, evenly spread."""
    count = min(len(epochs), MOST_EPOCHS)
    return {epochs[place * (len(epochs) - 1) // max(1, count - 1)] for place in range(count)}


def _number(value: float) -> str:
    return f"{value:.3g}"


def _data(run: str, layers: Sequence[str], epochs: Mapping[int, Norms]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": run,
        "method": METHOD,
        "epochs": list(epochs),
        "layers": [{"name": layer, "norms": [norms.get(layer) for norms in epochs.values()]} for layer in layers],
    }

"""The report of ``cnncalc verify``: what was calculated, what PyTorch says, and whether they agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from cnncalc.analysis.checks import Check
from cnncalc.network import Network
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.table import Column, Table

_QUANTITIES = ("output", "parameters", "MACs")


def verify_report(network: Network, checks: Sequence[Check]) -> Report:
    """Make the report: a row per layer with a tick where everything agrees, and a row of totals."""
    rows = [_row(subject, list(group)) for subject, group in groupby(checks, key=lambda check: check.subject)]
    columns = (
        Column("name", "name"),
        Column("output", "output", _shown, rank=1),
        Column("params", "parameters", _shown, right=True, rank=1),
        Column("macs", "MACs", _shown, right=True, rank=2),
        Column("agrees", "", lambda agrees: "✓" if agrees else "✗"),
    )
    wrong = [check for check in checks if not check.holds]
    oracles = " and ".join(dict.fromkeys(check.oracle for check in checks if "counter" not in check.oracle))
    said = f"{len(checks):,} numbers compared with {oracles}: "
    return Report(
        Table(columns, rows[:-1], rows[-1]),
        lambda: _data(network, checks),
        [("verified" if not wrong else "differs", said + ("all agree" if not wrong else f"{len(wrong)} differ"))],
        [
            *(_difference(check) for check in wrong),
            "MACs are compared with PyTorch's own flop counter; with torchinfo only where it counts neither a bias "
            "nor a transposed convolution, which it gets wrong",
        ],
    )


def _row(subject: str, checks: list[Check]) -> tuple[Any, ...]:
    values = {check.quantity: check.ours for check in checks}
    return (subject, *(values[quantity] for quantity in _QUANTITIES), all(check.holds for check in checks))


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _difference(check: Check) -> str:
    theirs = _shown(check.theirs)
    return f"{check.subject}: {check.quantity} calculated {_shown(check.ours)}, {check.oracle} has {theirs}"


def _data(network: Network, checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "agrees": all(check.holds for check in checks),
        "checks": [{**check._asdict(), "agrees": check.holds} for check in checks],
    }

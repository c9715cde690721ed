"""The report of ``cnncalc zoo``: every spec that ships, with its size, its year and its paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.numbers import whole
from cnncalc.network import Network
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA
from cnncalc.report.table import Column, Table
from cnncalc.zoo import ZooEntry


class Listed(NamedTuple):
    """A spec of the zoo: what its head says, and the network that it describes."""

    entry: ZooEntry
    network: Network


_COLUMNS = (
    Column("name", "name"),
    Column("title", "title", rank=2),
    Column("input", "input", rank=3),
    Column("params", "parameters", whole, right=True),
    Column("macs", "MACs", whole, right=True),
    Column("year", "year", right=True, rank=1),
    Column("paper", "paper", rank=4),
)


def zoo_report(specs: Sequence[Listed]) -> Report:
    """Make the report, a row per spec."""
    rows = [
        (entry.name, entry.title, str(net.input), net.params, net.macs, entry.year, entry.paper) for entry, net in specs
    ]
    return Report(
        Table(_COLUMNS, rows),
        lambda: {
            "schema": SCHEMA,
            "specs": [
                {
                    **entry._asdict(),
                    "input": list(net.input),
                    "output": list(net.output),
                    "layers": len(net),
                    "params": net.params,
                    "macs": net.macs,
                }
                for entry, net in specs
            ],
        },
        remarks=["`cnncalc zoo NAME` prints a spec; every command takes a name for SPEC"],
    )

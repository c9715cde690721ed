"""The report of ``cnncalc zoo``: every spec that ships, with its size, its year and its paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cnncalc.analysis.depth import depth_of
from cnncalc.core.numbers import in_units, whole
from cnncalc.network import Network
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.table import Column, Table
from cnncalc.zoo import ZooEntry
from cnncalc.zoo.catalogue import Published


class Listed(NamedTuple):
    """A spec of the zoo: what its head says, the network that it describes, and what was published about it."""

    entry: ZooEntry
    network: Network
    published: Published


def _percent(value: float) -> str:
    return f"{value:g}%"


_COLUMNS = (
    Column("name", "name"),
    Column("title", "title", rank=3),
    Column("task", "task", rank=5),
    Column("family", "family", people=False),
    Column("input", "input", rank=4),
    Column("params", "parameters", whole, right=True, short="params", briefest=in_units),
    Column("macs", "MACs", whole, right=True, briefest=in_units),
    Column("top1_error_percent", "top-1 error", _percent, right=True, rank=1),
    Column("top5_error_percent", "top-5 error", _percent, right=True, rank=2),
    Column("ilsvrc", "ILSVRC", people=False),
    Column("other_error", "other error", people=False),
    Column("year", "year", right=True, rank=1),
    Column("paper", "paper", rank=6),
)

_WINNERS = (
    Column("name", "name"),
    Column("year", "ILSVRC", right=True),
    Column("place", "place"),
    Column("top5_error_percent", "top-5 error", _percent, right=True, short="top-5"),
    Column("params", "parameters", whole, right=True, rank=1),
    Column("depth", "depth", right=True, rank=2),
    Column("paper", "paper", rank=3),
)


def zoo_report(specs: Sequence[Listed]) -> Report:
    """Make the report, a row per spec."""
    rows = [
        (
            *(entry.name, entry.title, known.task, known.family, net.inputs_text, net.params, net.macs),
            *known[2:],
            *(entry.year, entry.paper),
        )
        for entry, net, known in specs
    ]
    return Report(
        Table(_COLUMNS, rows),
        lambda: {
            "schema": SCHEMA,
            "specs": [
                {
                    **entry._asdict(),
                    **known._asdict(),
                    **input_data(net),
                    "output": list(net.output),
                    "layers": net.size,
                    "params": net.params,
                    "macs": net.macs,
                }
                for entry, net, known in specs
            ],
        },
        remarks=[
            "`cnncalc zoo NAME` prints a spec; every command takes a name for SPEC",
            "errors are published ones, of one view of ImageNet's validation images",
        ],
    )


def winners_report(specs: Sequence[Listed]) -> Report:
    """Make the report of the networks that were first or second in ILSVRC's classification, by year."""
    rows = sorted((_winner(listed) for listed in specs), key=lambda row: (row[1], row[2]))
    return Report(
        Table(_WINNERS, rows),
        lambda: {
            "schema": SCHEMA,
            "specs": [dict(zip((column.key for column in _WINNERS), row, strict=True)) for row in rows],
        },
        remarks=[
            "errors are those of the teams' entries, of several networks and views; the best entry of 2011 had 25.8%"
        ],
    )


def _winner(listed: Listed) -> tuple[Any, ...]:
    entry, net, known = listed
    when, error = known.ilsvrc.split(": ")
    year, place = when.split()
    return entry.name, int(year), place, float(error), net.params, depth_of(net).longest_path, entry.paper

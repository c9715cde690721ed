"""The report of ``--count``: a network as the counter of another tool counts it, and how it comes to its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cnncalc.analysis import Counts
from cnncalc.core.numbers import counted, share_text, whole
from cnncalc.counters.count import CountedLayer, CountPart, ForeignCount, count_like
from cnncalc.counters.counter import ForeignCounter
from cnncalc.counters.torchvision import CodeHabit, habits_of
from cnncalc.folding.rows import FoldedRow
from cnncalc.report.folded import folded, folded_numbers
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.table import Again, Column, Table

MOST_KINDS = 8
"""So many kinds of layers that are passed over are named."""


def counted_report(counts: Counts, counter: ForeignCounter, *, folds: bool = False) -> Report:
    """Make the report; ``folds`` says whether repeats and blocks are a row each.

    Raises:
        SpecError: for a network for whose layers PyTorch has no modules.

    """
    found = count_like(counts.network, counter)
    habits = habits_of(counts.network)
    theirs = count_like(counts.network, counter, habits) if habits else found
    report = Report(
        _table(found),
        lambda: _data(found, theirs, habits),
        _summary(found),
        [*_passed_over(found), *counter.account, *_torchvision(found, theirs, habits)],
    )
    return folded(report, counts, partial(_folded, found)) if folds else report


def _folded(found: ForeignCount, counts: Counts, rows: Sequence[FoldedRow]) -> Table:
    return folded_numbers(rows, "count", found.counter.name, [layer.number for layer in found.layers])


def _table(found: ForeignCount) -> Table:
    total = found.total

    def rows() -> Iterator[tuple[Any, ...]]:
        for layer in found.layers:
            if layer.number:
                node = layer.node
                yield node.name, node.written, layer.number, (layer.number, total), layer.params, _rules(layer)

    columns = (
        Column("name", "name"),
        Column("layer", "layer", rank=3),
        Column("count", found.counter.name, whole, right=True),
        Column("share", "share", lambda pair: share_text(*pair), right=True, rank=1, programs=False),
        Column("params", "parameters", people=False),
        Column("rule", "what it counts", rank=2),
    )
    return Table(columns, Again(rows), ("total", None, total, None, found.params, None))


def _rules(layer: CountedLayer) -> str:
    """Say by which rules a layer is counted; of several, each with what it is a rule for."""
    parts = [part for part in layer.parts if part.number]
    if len(parts) == 1:
        return parts[0].says
    return "; ".join([f"{part.name}: {part.says}" for part in parts])


def _summary(found: ForeignCount) -> list[tuple[str, str]]:
    counter, network = found.counter, found.network
    total = f"{found.total:,} {counter.unit}, for one image ({counter.name} {counter.release})"
    return [
        (counter.name, total),
        *[(f"  {part.name}", _part(part)) for part in found.parts if part.number],
        ("cnncalc", f"{network.macs:,} MACs, {2 * network.macs:,} FLOPs: {_difference(found)}"),
        ("parameters", _params(found)),
    ]


def _part(part: CountPart) -> str:
    return f"{part.number:,} in {counted(part.calls, 'call')}: {part.says}"


def _difference(found: ForeignCount) -> str:
    more = found.total - found.network.macs
    if not more:
        return f"{found.counter.name} has as many as MACs"
    return f"{found.counter.name} has {abs(more):,} {'more' if more > 0 else 'fewer'} than MACs"


def _params(found: ForeignCount) -> str:
    missing = found.network.params - found.params
    if not missing:
        return f"{found.params:,}"
    return f"{found.params:,} of {found.network.params:,}: {found.counter.name} passes over {missing:,}"


def _passed_over(found: ForeignCount) -> list[str]:
    """Name the layers that count nothing, by their words."""
    kinds = Counter(layer.node.layer.kind for layer in found.layers if not layer.number)
    kinds.pop("input", None)
    if not kinds:
        return []
    named = [f"{kind} ({times})" if times > 1 else kind for kind, times in kinds.most_common(MOST_KINDS)]
    more = ["…"] if len(kinds) > MOST_KINDS else []
    return [f"{counted(sum(kinds.values()), 'layer')} without a number: {', '.join([*named, *more])}"]


def _torchvision(found: ForeignCount, theirs: ForeignCount, habits: tuple[CodeHabit, ...]) -> list[str]:
    """Say what the tool counts of torchvision's own module, where that is another number."""
    if (found.total, found.params) == (theirs.total, theirs.params):
        return []
    params = "" if theirs.params == found.params else f" and {theirs.params:,} parameters"
    how = "; ".join([habit.says for habit in habits])
    own = f"Of torchvision's own module {found.counter.name} counts {theirs.total:,}{params}, for its code differs"
    return [f"This is the number of the Python that `cnncalc export` writes. {own}: {how}."]


def _data(found: ForeignCount, theirs: ForeignCount, habits: tuple[CodeHabit, ...]) -> dict[str, Any]:
    counter, network = found.counter, found.network
    own = {"torchvision": {"count": theirs.total, "params": theirs.params}} if habits else {}
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "counter": {
            "name": counter.name,
            "version": counter.release,
            "unit": f"{counter.unit}, for one image",
            "account": list(counter.account),
        },
        "layers": [_layer(layer) for layer in found.layers],
        "total": {"count": found.total, "params": found.params, "macs": network.macs},
        **own,
    }


def _layer(layer: CountedLayer) -> dict[str, Any]:
    parts = [
        {"call": part.name, "function": part.is_function, "count": part.number, "rule": part.says}
        for part in layer.parts
    ]
    node = layer.node
    return {
        "index": node.index,
        "name": node.name,
        "layer": node.written,
        "count": layer.number,
        "params": layer.params,
        "macs": node.macs,
        "parts": parts,
    }

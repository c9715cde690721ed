"""The report of ``cnncalc shapes``: a row per layer, blocks as a tree, totals with their units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.arithmetic import mac_sum, output_sum, parameter_sum
from cnncalc.analysis.depth import depth_of
from cnncalc.analysis.receptive import Fields
from cnncalc.core.numbers import bytes_text, counted, in_units, whole
from cnncalc.core.words import joined_by_and
from cnncalc.layers.dimension_names import never_read
from cnncalc.network import Network, Operation
from cnncalc.report.report import Report
from cnncalc.report.schema import counts_data
from cnncalc.report.table import Again, Column, Table

MOST_NAMES = 5
"""How many layers a remark names; the rest are counted."""


def brief_field(text: str) -> str:
    """Write one side of a field that has equal ones: ``212 /16`` for ``212x212 /16``."""
    if ", " in text:  # those in several inputs
        named = [part.rpartition(" /")[0].rpartition(" ")[0] for part in text.split(", ")]
        parts = [brief_field(part[len(name) :].strip()) for name, part in zip(named, text.split(", "), strict=True)]
        return ", ".join([f"{name} {part}" for name, part in zip(named, parts, strict=True)])
    sizes, slash, stride = text.partition(" /")
    sides = set(sizes.split("x"))
    return f"{sides.pop()}{slash}{stride}" if len(sides) == 1 else text


_COLUMNS = (
    Column("name", "name"),
    Column("layer", "layer", rank=2, shared=True),
    Column("output", "output", shared=True),
    Column("params", "parameters", whole, right=True, short="params", brief=in_units, shared=True),
    Column("activation_bytes", "activations", bytes_text, right=True, rank=3, short="memory", shared=True),
    Column("macs", "MACs", whole, right=True, rank=4, brief=in_units, shared=True),
    Column("receptive_field", "receptive field /stride", rank=5, short="field", brief=brief_field),
)


def _worked(pair: tuple[str, int]) -> str:
    sum_, result = pair
    return f"{sum_} = {result:,}" if sum_ else f"{result:,}"


_EXPLAINED = (
    Column("name", "name"),
    Column("layer", "layer", rank=2, shared=True),
    Column("output", "output", shared=True),
    Column("output_sum", "output size", rank=1, shared=True),
    Column("params_worked", "parameters", _worked, right=True, programs=False, short="params", shared=True),
    Column("activation_bytes", "activations", bytes_text, right=True, rank=4, short="memory", shared=True),
    Column("macs_worked", "MACs", _worked, right=True, rank=3, programs=False, shared=True),
    Column("receptive_field", "receptive field /stride", rank=5, short="field", brief=brief_field),
    Column("params_sum", "parameters", people=False, shared=True),
    Column("params", "parameters", people=False, shared=True),
    Column("macs_sum", "MACs", people=False, shared=True),
    Column("macs", "MACs", people=False, shared=True),
)


class _Line(NamedTuple):
    """A line of the table: a layer, a block that is folded, or the head of one that is not."""

    name: str
    layer: str
    rows: tuple[LayerCounts, ...]


_SAVED = Column("saved_bytes", "saved for backward", bytes_text, right=True, rank=1, short="saved", shared=True)


def shapes_report(
    counts: Counts, *, depth: int | None = None, explain: bool = False, saved: Sequence[int] | None = None
) -> Report:
    """Make the report.

    Args:
        counts: what was counted.
        depth: blocks that nest deeper than this are folded into one row each; None shows every layer.
        explain: whether the arithmetic stands beside the numbers.
        saved: for each layer the bytes that it keeps for its backward pass, for a column of their own.

    """
    table = _table(counts, depth, explain=explain)
    if saved is not None:
        table = _with_saved(table, counts, depth, saved)
    return Report(
        table,
        lambda: counts_data(counts, saved),
        _summary(counts),
        [*_dropped(counts), *_outgrown(counts)],
    )


def _table(counts: Counts, depth: int | None, *, explain: bool) -> Table:
    """Return the table; its rows are made anew at each iteration."""
    network = counts.network
    arranged = _with_sums if explain else _without_sums
    heads = _input_cells(counts)
    total = arranged(_Cells(None, network.outputs_text, network.params, counts.activation_bytes, network.macs))

    def rows() -> Iterator[tuple[Any, ...]]:
        known: dict[Operation, _Halves] = {}  # what rows of layers that are alike have in common
        if not network.inputs_at:
            head = arranged(heads[0])
            yield ("input", *head.before, None, *head.behind)
        for line in _lines(counts, depth):
            if len(line.rows) != 1:
                halves = arranged(_folded(line))
                yield (line.name, *halves.before, field_text(line.rows[-1]) if line.rows else None, *halves.behind)
                continue
            row = line.rows[0]
            if row.node.index in heads:
                head = arranged(heads[row.node.index])
                yield (line.name, *head.before, None, *head.behind)
                continue
            common = known.get(row.node.operation)
            if common is None:
                common = known[row.node.operation] = arranged(_single(row, explain=explain))
            yield (line.name, *common.before, field_text(row), *common.behind)

    totals = ("total", *total.before, None, *total.behind)
    return Table(_EXPLAINED if explain else _COLUMNS, Again(rows), totals)


def _input_cells(counts: Counts) -> dict[int, _Cells]:
    """Return the cells of the inputs by their indices; several are layers, whose names their rows have."""
    size = counts.batch * counts.bytes_per_value
    layer = "input" if counts.network.inputs_at else None
    pairs = zip(counts.network.starts, counts.network.inputs, strict=True)
    return {index: _Cells(layer, str(volume), None, volume.values * size, None) for index, volume in pairs}


def _with_saved(table: Table, counts: Counts, depth: int | None, saved: Sequence[int]) -> Table:
    """Add the column of what is kept for the backward pass; the heads of blocks have none."""

    def rows() -> Iterator[tuple[Any, ...]]:
        sizes = chain([] if counts.network.inputs_at else [None], _sums(saved, counts, depth))
        return ((*cells, None if cells[2] is None else size) for cells, size in zip(table.rows, sizes, strict=True))

    return Table((*table.columns, _SAVED), Again(rows), (*(table.total or ()), sum(saved)))


def _sums(saved: Sequence[int], counts: Counts, depth: int | None) -> Iterator[int]:
    """Return what the layers of each line keep, all together."""
    if not counts.network.blocks:  # a line is a layer
        known: dict[int, int] = {}
        return map(known.setdefault, saved, saved)  # equal numbers become one object, which is written once
    return (sum([saved[row.node.index - 1] for row in line.rows]) for line in _lines(counts, depth))


def _lines(counts: Counts, depth: int | None) -> Iterator[_Line]:
    """Go through the layers; a block opens with its head, and one that is folded is a single line."""
    opened: tuple[str, ...] = ()
    folded: list[LayerCounts] = []
    for place, row in enumerate(counts.rows):
        name = row.node.name
        if not opened and "." not in name:
            yield _Line(name, row.node.written, (row,))
            continue
        path = tuple(name.split("."))
        if depth is not None and len(path) > depth:
            folded.append(row)
            head = path[:depth]
            following = counts.rows[place + 1].node.name if place + 1 < len(counts.rows) else ""
            if tuple(following.split("."))[:depth] != head or len(following.split(".")) <= depth:
                yield from _heads(counts, opened, head[:-1])
                opened = head[:-1]
                yield _Line(_indented(head), counts.network.blocks[".".join(head)], tuple(folded))
                folded = []
            continue
        yield from _heads(counts, opened, path[:-1])
        opened = path[:-1]
        yield _Line(_indented(path), row.node.written, (row,))


def _heads(counts: Counts, opened: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator[_Line]:
    """Return the heads of the blocks that open here."""
    common = 0
    while common < min(len(opened), len(wanted)) and opened[common] == wanted[common]:
        common += 1
    for level in range(common, len(wanted)):
        block = wanted[: level + 1]
        yield _Line(_indented(block), counts.network.blocks[".".join(block)], ())


def _indented(path: tuple[str, ...]) -> str:
    return "  " * (len(path) - 1) + path[-1]


class _Cells(NamedTuple):
    """What a row shows beside its name and its receptive field; None for what it has not."""

    layer: str | None
    output: str | None
    params: int | None
    activation_bytes: int | None
    macs: int | None
    sums: tuple[str, str, str] = ("", "", "")


class _Halves(NamedTuple):
    """The cells in front of the receptive field and those behind it."""

    before: tuple[Any, ...]
    behind: tuple[Any, ...]


def _single(row: LayerCounts, *, explain: bool) -> _Cells:
    node = row.node
    sums = (output_sum(node), parameter_sum(node), mac_sum(node)) if explain else ("", "", "")
    return _Cells(node.written, str(node.output), node.params, row.activation_bytes, node.macs, sums)


def _folded(line: _Line) -> _Cells:
    """Return the cells of a block: sums if it is folded, and none for the head of one that is not."""
    if not line.rows:
        return _Cells(line.layer, None, None, None, None)
    return _Cells(
        line.layer,
        str(line.rows[-1].node.output),
        sum([row.node.params for row in line.rows]),
        sum([row.activation_bytes for row in line.rows]),
        sum([row.node.macs for row in line.rows]),
    )


def _without_sums(cells: _Cells) -> _Halves:
    return _Halves(cells[:5], ())


def _with_sums(cells: _Cells) -> _Halves:
    """Put the arithmetic beside the numbers."""
    layer, volume, params, activation_bytes, macs, (output_sum_, params_sum, macs_sum) = cells
    worked_params = None if params is None else (params_sum, params)
    worked_macs = None if macs is None else (macs_sum, macs)
    before = (layer, volume, output_sum_, worked_params, activation_bytes, worked_macs)
    return _Halves(before, (params_sum, params, macs_sum, macs))


def field_text(row: LayerCounts) -> str:
    """Write a receptive field, and its effective stride: ``212x212 /16``; ``?`` where it is not known.

    Of several inputs those that differ have their names: ``rgb 212x212 /16, flow 106x106 /8``.
    """
    texts = [_one_field(fields) for _, fields in row.fields]
    if len(set(texts)) < 2:
        return _one_field(row.field)
    return ", ".join([f"{name} {text}" for (name, _), text in zip(row.fields, texts, strict=True)])


def _one_field(found: Fields) -> str:
    """Write a receptive field in one input."""
    first, dimensions = found[0], len(found)
    if first is not None and found.count(first) == dimensions:  # most images are square
        return "x".join([str(first.size)] * dimensions) + f" /{first.jump}"
    fields = [field for field in found if field is not None]
    if len(fields) < dimensions:
        return "?"
    strides = [str(field.jump) for field in fields]
    stride = strides[0] if len(set(strides)) == 1 else "x".join(strides)
    return f"{'x'.join(str(field.size) for field in fields)} /{stride}"


def _summary(counts: Counts) -> list[tuple[str, str]]:
    network = counts.network
    size = (
        f"{counts.bytes_per_value} bytes ({counts.precision})"
        if counts.bytes_per_value > 1
        else f"1 byte ({counts.precision})"
    )
    images = f" · {counts.batch} images" if counts.batch > 1 else ""
    return [
        (
            "parameters",
            f"{network.params:,} ({counted(network.weights, 'weight')} + {counted(network.biases, 'bias')}) · {size}"
            f" = {bytes_text(counts.parameter_bytes)}",
        ),
        (
            "activations",
            f"{network.activations:,} values ({_entering(network)} and every output) · {size}{images}"
            f" = {bytes_text(counts.activation_bytes)}",
        ),
        ("MACs", f"{network.macs:,} multiplications for one image{' of each input' if network.inputs_at else ''}"),
        ("layers", _depth(network)),
    ]


def _entering(network: Network) -> str:
    return "inputs" if network.inputs_at else "input"


def _depth(network: Network) -> str:
    """Say how many layers have weights: ``16 with weights: 13 convolutional, 3 fully connected``."""
    depth = depth_of(network)
    pairs = [(depth.convolutional, "convolutional"), (depth.fully_connected, "fully connected")]
    kinds = ", ".join(f"{number:,} {kind}" for number, kind in pairs if number)
    path = f"; {depth.longest_path:,} on the longest path" if depth.longest_path != depth.layers else ""
    return f"{depth.layers:,} with weights{': ' if kinds else ''}{kinds}{path}"


def value_size(counts: Counts) -> str:
    """Write the size of one value: ``4 bytes (float32)``."""
    return f"{counts.bytes_per_value} byte{'s' if counts.bytes_per_value > 1 else ''} ({counts.precision})"


def _dropped(counts: Counts) -> list[str]:
    alike: dict[str, list[str]] = {}
    for row in counts.rows:
        if _drops(row):
            alike.setdefault(never_read(row.node.dropped), []).append(row.node.name)
    return [f"{_named(names)}: {what}" for what, names in alike.items()]


def _drops(row: LayerCounts) -> bool:
    operation = row.node.operation
    return any(operation.dropped) and operation.layer.kind != "crop"


def _outgrown(counts: Counts) -> list[str]:
    names = [row.node.name for row in counts.rows if row.outgrown]
    windows = "its window" if len(names) == 1 else "their windows"
    seen = f"every value in {windows} has seen the whole input already (unproductive)"
    return [f"{_named(names)}: {seen}"] if names else []


def _named(names: list[str]) -> str:
    """Name the layers that a remark is about, the first ones of many."""
    if len(names) <= MOST_NAMES:
        return joined_by_and(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES:,} more layers"

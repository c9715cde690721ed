"""What a notebook shows of a network: its totals, its picture and its table, as a part of the notebook's page."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from cnncalc.analysis import Counts
from cnncalc.core.cleaning import html_text
from cnncalc.core.numbers import in_units
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.styles.files import name_of
from cnncalc.draw.svg import svg
from cnncalc.report.folded import folded, folded_shapes
from cnncalc.report.shapes import shapes_report
from cnncalc.report.table import Table


def notebook_html(counts: Counts) -> str:
    """Return the HTML of a network: one element, with no script and no reference to anything outside."""
    network = counts.network
    name = name_of(network)
    prefix = (
        f"cnncalc-{crc32(f'{name} {network.source.text} {network.inputs_text}'.encode()):08x}-"  # of this network alone
    )
    sizes = f"{network.inputs_text} → {network.outputs_text}"
    totals = f"{name}: {sizes}, {network.params:,} parameters, {in_units(network.macs)} MACs"
    picture = svg(picture_of(network, "graph", DrawingOptions(name=name)), "light", prefix=prefix)
    rows = "".join(_rows(folded(shapes_report(counts), counts, folded_shapes).table.for_people()))
    return f"<div><p><strong>{html_text(totals)}</strong></p>{picture}<table>{rows}</table></div>"


def _rows(table: Table) -> Iterator[str]:
    titles, body, total = table.shown(html_text)
    aligned = [
        ' style="text-align: right"' if column.right else ' style="text-align: left; white-space: pre"'
        for column in table.columns
    ]
    yield _row("th", titles, aligned)
    for cells in body:
        yield _row("td", cells, aligned)
    if total:
        yield _row("th", total, aligned)


def _row(tag: str, cells: list[str], aligned: list[str]) -> str:
    return (
        "<tr>" + "".join(f"<{tag}{style}>{text}</{tag}>" for style, text in zip(aligned, cells, strict=True)) + "</tr>"
    )

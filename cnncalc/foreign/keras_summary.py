"""What ``model.summary()`` of Keras prints: names, kinds, shapes, parameters, and who is connected to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import INPUT, Draft, damaged, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_layers import MERGES
from cnncalc.foreign.summary_reading import ChainOfRows, lines_of, volume_of, whole_number
from cnncalc.foreign.summary_windows import SummaryRow

_RULE = re.compile(r"[=_\-┏┓┗┛┡┩├┤└┘┳┻┴┬┼╇╪━─│┃\s+]{5,}")
_NAMED = re.compile(r"(?P<name>[\w./-]+)[ \t]*\((?P<kind>\w+)\)")
_SHAPE = re.compile(r"\(None((?:,[ \t]*(?:\d{1,10}|None))+),?\)")
_CONNECTED = re.compile(r"([\w./-]+)\[\d+\](?:\[\d+\])?")


class _Cells(NamedTuple):
    """A row of the table, whose cells may have run over several lines."""

    layer: str
    shape: str
    parameters: str
    connected: str
    span: Span


class KerasSummary(ForeignFormat):
    """Rows such as ``conv2d (Conv2D)   (None, 26, 26, 32)   320``."""

    what = "a summary of Keras"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return "Layer (type)" in head and "(None," in head

    def read(self, source: Source) -> Draft:
        draft = Draft(source, self.what)
        _Summary(draft).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this summary has no rows")
        return draft


class _Summary:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.chain = ChainOfRows(draft, keras=True)
        self.made: dict[str, int] = {}
        self.last = INPUT

    def read(self) -> None:
        for cells in _rows(self.draft.source):
            self.row(cells)
        self.chain.finish()

    def row(self, cells: _Cells) -> None:
        named = _NAMED.search(cells.layer)
        shape = _SHAPE.search(cells.shape)
        if named is None or shape is None:
            self.draft.damaged(
                cells.span, "a row has a name, a kind in brackets, and a shape such as (None, 26, 26, 32)"
            )
        sizes = [size.strip() for size in shape[1].strip(",").split(",")]
        if "None" in sizes:
            self.draft.refuse(cells.span, "the size of an image is not printed: give the model an input that says it")
        volume = volume_of(self.draft.source, [int(size) for size in sizes], cells.span, channels_first=False)
        row = SummaryRow(named["name"], named["kind"], volume, whole_number(cells.parameters), cells.span)
        if row.kind == "InputLayer":
            self.input(row)
            return
        self.chain.begin_before(row)
        self.made[row.name] = self.last = self.layer(row, cells)

    def input(self, row: SummaryRow) -> None:
        if INPUT in self.chain.volumes:
            self.draft.refuse(row.span, "a model with several inputs is not read")
        self.chain.begin(row.output)
        self.made[row.name] = INPUT

    def layer(self, row: SummaryRow, cells: _Cells) -> int:
        names = _CONNECTED.findall(cells.connected)
        inputs = [self.index(name, row) for name in names] or [self.last]
        if row.kind in MERGES:
            volume: Volume = row.output
            index = self.draft.join(MERGES[row.kind], inputs, row.span, name=row.name, claim=str(volume))
            self.chain.volumes[index] = volume
            return index
        return self.chain.add(row, inputs)

    def index(self, name: str, row: SummaryRow) -> int:
        found = self.made.get(name)
        if found is None:
            self.draft.damaged(row.span, f"no row in front of this one is called {quoted(name)}")
        return found


def _rows(source: Source) -> Iterator[_Cells]:
    """Yield the rows, each with the lines that continue it."""
    begun, current, done = False, None, False
    for text, span in lines_of(source):
        if "Layer (type)" in text:
            begun = True
        elif text.startswith(("Total params", "Trainable params")):
            done = True
            break
        elif begun and text and not _RULE.fullmatch(text):
            cells = _split(text)
            if _SHAPE.search(text) or current is None:
                if current is not None:
                    yield current
                current = _Cells(*cells, span)
            else:  # a cell that has run over its line; what continues a shape is part of the first cell then
                texts = [f"{old}{new}" for old, new in zip(current[:4], cells, strict=True)]
                current = _Cells(texts[0], texts[1], texts[2], texts[3], current.span)
    if current is not None:
        yield current
    if not done:
        damaged(source, current.span if current else Span(0, 1), "this summary is cut off: its totals are missing")


def _split(text: str) -> tuple[str, str, str, str]:
    """Return the cells of a line: between bars, or apart by blanks."""
    if "│" in text or "┃" in text:
        parts = [part.strip() for part in re.split("[│┃]", text)][1:-1]
        return (*parts, "", "", "", "")[:4]  # type: ignore[return-value]
    shape = _SHAPE.search(text)
    if shape is None:
        return ("", "", "", text) if _CONNECTED.search(text) else (text, "", "", "")
    start = text.rfind("[", 0, shape.start()) if text[shape.start() - 1] == "[" else shape.start()
    behind = text[shape.end() :].lstrip("]").strip()
    number, _, connected = behind.partition(" ")
    return text[:start].strip(), text[start : shape.end()], number, connected

"""What ``model.summary()`` of Keras prints: names, kinds, shapes, parameters, and who is connected to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import INPUT, Draft, damaged, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_layers import MERGES, SCALED_SUM
from cnncalc.foreign.summary_reading import ChainOfRows, lines_of, volume_of, whole_number
from cnncalc.foreign.summary_windows import SummaryRow

_RULE = re.compile(r"[=_\-┏┓┗┛┡┩├┤└┘┳┻┴┬┼╇╪━─│┃\s+]{5,}")
_NAMED = re.compile(r"(?P<name>[\w./-]+)…?[ \t]*\((?P<kind>\w+)(?:\)|(?P<cut>…))")
_SHAPE = re.compile(r"\(None((?:,[ \t]*(?:\d{1,10}|None))+),?\)")
_CONNECTED = re.compile(r"([\w./-]+)\[\d+\](?:\[\d+\])?")
_TAKEN = re.compile(r"([\w./-]+…?)(?:\[[\d…\]\[]*)?[ ,]*")
"""What a row of a table with bars takes; what is too long for its cell ends with three dots."""
_LONG_KINDS = (
    *("GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalMaxPooling1D", "ZeroPadding2D"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "DepthwiseConv2D", "SeparableConv2D"),
    *("AveragePooling2D", "MaxPooling2D", "Conv2DTranspose", "SpatialDropout2D", "UpSampling2D", "Concatenate"),
)
"""Classes whose names are cut off in narrow tables."""


class _Cells(NamedTuple):
    """A row of the table, whose cells may have run over several lines."""

    layer: str
    shape: str
    parameters: str
    connected: str
    span: Span


@dataclass
class _Made:
    """What a row makes: a step, its volume, and whether another row has taken it."""

    index: int
    volume: Volume
    is_taken: bool = False


class KerasSummary(ForeignFormat):
    """Rows such as ``conv2d (Conv2D)   (None, 26, 26, 32)   320``."""

    what = "a summary of Keras"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return "Layer (type)" in head and "(None," in head

    def read(self, draft: Draft) -> None:
        _Summary(draft).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this summary has no rows")


class _Summary:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.chain = ChainOfRows(draft, keras=True)
        self.made: dict[str, list[_Made]] = {}  # names that are cut off may be alike
        self.last = INPUT
        self.is_narrow = "…" in draft.source.text

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
        kind = self.whole_kind(named["kind"], cells.span) if named["cut"] else named["kind"]
        row = SummaryRow(named["name"], kind, volume, whole_number(cells.parameters), cells.span)
        if row.kind == "InputLayer":
            self.input(row)
            return
        self.chain.begin_before(row)
        made = self.layer(row, cells)
        self.made.setdefault(row.name, []).append(_Made(made, volume))
        self.last = made

    def whole_kind(self, begun: str, span: Span) -> str:
        """Return the class whose name is cut off; those of one beginning make the same volume."""
        found = [kind for kind in _LONG_KINDS if kind.startswith(begun)]
        if not found or len({kind[:-2] for kind in found}) > 1:
            message = f"which layer {quoted(begun + '…')} is cannot be known: the table is too narrow"
            self.draft.refuse(span, message, hints=["print it with model.summary(line_length=150)"])
        return found[0]

    def input(self, row: SummaryRow) -> None:
        if INPUT in self.chain.volumes:
            self.draft.refuse(row.span, "a model with several inputs is not read")
        self.chain.begin(row.output)
        self.made[row.name] = [_Made(INPUT, row.output)]

    def layer(self, row: SummaryRow, cells: _Cells) -> int:
        taken = [_TAKEN.fullmatch(line) for line in cells.connected.split("\n")]
        names = [match[1] for match in taken if match]
        names = names if len(names) == len(taken) else _CONNECTED.findall(cells.connected)
        inputs = [self.index(name, row) for name in names] or [self.last]
        if row.kind == SCALED_SUM:
            remark = f"the factors of {SCALED_SUM} are not printed: it is read as a sum"
            self.draft.remarks.extend([] if remark in self.draft.remarks else [remark])
        if row.kind in MERGES or row.kind == SCALED_SUM:
            volume: Volume = row.output
            index = self.draft.join(MERGES.get(row.kind, "add"), inputs, row.span, name=row.name, claim=str(volume))
            self.chain.volumes[index] = volume
            return index
        return self.chain.add(row, inputs)

    def index(self, name: str, row: SummaryRow) -> int:
        begun = name.removesuffix("…")
        alike = self.made.get(begun, [])
        if not alike and self.is_narrow:
            found = [made for other, made in self.made.items() if other.startswith(begun) or name.startswith(other)]
            alike = sorted([each for made in found for each in made], key=lambda each: each.index)
        if not alike:
            self.draft.damaged(row.span, f"no row in front of this one is called {quoted(name)}")
        meant = _likeliest(alike, row)
        meant.is_taken = True
        return meant.index


def _likeliest(alike: list[_Made], row: SummaryRow) -> _Made:
    """Return which of several rows is meant whose names are cut off alike.

    Keras prints rows of parallel branches in turn, so that the first one is meant that no row has taken, of those with
    the same volume where a row keeps it.
    """
    keeps = not row.parameters or row.kind == "BatchNormalization"
    free = [each for each in alike if not each.is_taken]
    fitting = [each for each in free if keeps and each.volume == row.output]
    return next(iter(fitting or free), alike[-1])


def _rows(source: Source) -> Iterator[_Cells]:
    """Yield the rows, each with the lines that continue it."""
    current, done = None, False
    for text, span in _body(source):
        if _ends(text):
            done = True
            break
        cells = _split(text)
        if current is not None and (_RULE.fullmatch(text) or (text[0] != "│" and _SHAPE.search(text))):
            yield current
            current = None
        if not _RULE.fullmatch(text):
            current = _Cells(*cells, span) if current is None else _continued(current, cells)
    if current is not None:
        yield current
    if not done:
        damaged(source, current.span if current else Span(0, 1), "this summary is cut off: its totals are missing")


def _body(source: Source) -> Iterator[tuple[str, Span]]:
    """Yield the lines behind the head, without those that are empty or part others than rows."""
    begun = False
    for text, span in lines_of(source):
        parts_rows = text[:1] in "├└" or not _RULE.fullmatch(text)
        if begun and text and parts_rows:
            yield text, span
        begun = begun or "Layer (type)" in text


def _ends(text: str) -> bool:
    return text.startswith(("Total params", "Trainable params"))


def _continued(row: _Cells, cells: tuple[str, str, str, str]) -> _Cells:
    """Return a row with a line behind it; what continues a shape without bars is part of the first cell."""
    joined = [f"{old}{new}" for old, new in zip(row[:3], cells, strict=False)]
    between = "\n" if row.connected and cells[3] else ""
    return _Cells(joined[0], joined[1], joined[2], f"{row.connected}{between}{cells[3]}", row.span)


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

"""What torchsummary and torchinfo print of a PyTorch module: rows of layers in the order in which they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import Draft, damaged, quoted, refuse
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.pytorch_printed import IN_ORDER
from cnncalc.foreign.summary_layers import is_layer
from cnncalc.foreign.summary_reading import ChainOfRows, lines_of, volume_of, whole_number
from cnncalc.foreign.summary_windows import SummaryRow

_SIZES = re.compile(r"\[((?:-?\d{1,10}(?:,[ \t]*|(?=\])))+)\]")
_RULE = re.compile(r"[=\-_]{5,}")
_CONTAINERS = ("ModuleList", "ModuleDict", *IN_ORDER)
_HINTS = ("import the module itself: cnncalc import your_module:Net --input 224x224x3",)


class TorchSummary(ForeignFormat):
    """Rows such as ``Conv2d-1   [-1, 64, 224, 224]   1,792``."""

    what = "a table of torchsummary"
    _row = re.compile(r"(\w+)-(\d{1,6})[ \t]+(\[[-\d, \t]+\])[ \t]+([\d,]+)")

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return "Layer (type)" in head and re.search(r"^\s*\w+-\d+\s+\[-?\d+,", head, re.MULTILINE) is not None

    def read(self, draft: Draft) -> None:
        _chain(draft, self._rows(draft.source))

    def _rows(self, source: Source) -> Iterator[SummaryRow]:
        for text, span in _body(source):
            match = self._row.fullmatch(text)
            if match is None:
                damaged(source, span, f"{quoted(text)} is not a row of torchsummary")
            volume = volume_of(source, _sizes(match[3])[1:], span, channels_first=True)
            yield SummaryRow("", match[1], volume, whole_number(match[4]), span)


class TorchInfo(ForeignFormat):
    """Rows such as ``├─Conv2d: 1-1   [1, 6, 28, 28]   156``, set in by depth."""

    what = "a table of torchinfo"
    _row = re.compile(
        r"[│├└─|\s]*(?P<kind>\w+)(?:[ \t]\((?P<name>[^()]+)\))?"
        r"(?::[ \t](?P<depth>\d{1,4})-(?P<index>\d{1,6}))?[ \t]*(?P<rest>.*)"
    )

    def recognises(self, source: Source) -> bool:
        return "Layer (type" in source.text[:20_000] and "depth-idx" in source.text[:20_000]

    def read(self, draft: Draft) -> None:
        _chain(draft, self._rows(draft.source))

    def _rows(self, source: Source) -> Iterator[SummaryRow]:
        columns = _columns(source)
        for text, span in _body(source):
            match = self._row.fullmatch(text)
            if match is None:
                damaged(source, span, f"{quoted(text)} is not a row of torchinfo")
            cells = re.findall(r"\[[-\d, ]+\]|--|\(recursive\)|[\d,.]+%?", match["rest"])
            if not is_layer(match["kind"]):
                self._container(source, match["kind"], match["depth"], span)
                continue
            named = dict(zip(columns, cells, strict=False))
            sizes = _sizes(named.get("output", ""))
            if not sizes:
                damaged(source, span, "the shape that comes out should stand in this row")
            if named.get("parameters") == "(recursive)":
                refuse(source, span, "a layer that is called again with the same weights is not read")
            yield SummaryRow(
                "" if (match["name"] or "0").isdigit() else match["name"],
                match["kind"],
                volume_of(source, sizes[1:], span, channels_first=True),
                0 if named.get("parameters") == "--" else whole_number(named.get("parameters", "")),
                span,
                _kernel(named.get("kernel", ""), len(sizes) - 2),
                tuple(_sizes(named.get("input", ""))[1:]),
            )

    def _container(self, source: Source, kind: str, depth: str | None, span: Span) -> None:
        if depth not in (None, "0") and kind not in _CONTAINERS:
            message = f"what {quoted(kind)} does with the layers that it holds is not printed"
            refuse(source, span, message, hints=_HINTS)


def _chain(draft: Draft, rows: Iterator[SummaryRow]) -> None:
    chain = ChainOfRows(draft, keras=False)
    for row in rows:
        if not is_layer(row.kind):
            message = f"what {quoted(row.kind)} does with the layers that it holds is not printed"
            draft.refuse(row.span, message, hints=_HINTS)
        if row.arrives and not chain.volumes:
            chain.begin(volume_of(draft.source, row.arrives, row.span, channels_first=True))
        chain.begin_before(row)
        chain.add(row)
    if not draft.steps:
        draft.damaged(Span(0, 1), "this table has no rows")
    chain.finish()


def _body(source: Source) -> Iterator[tuple[str, Span]]:
    """Yield the rows between the head and the totals.

    Raises:
        SpecError: where the table is cut off before its totals.
    """
    rules, last = 0, Span(0, 1)
    for text, span in lines_of(source):
        if _RULE.fullmatch(text):
            rules += "=" in text
        elif rules and text:
            if text.startswith(("Total params", "Trainable params", "Non-trainable")):
                return
            last = span
            if "Layer (type" not in text:
                yield text, span
        elif text.startswith("Layer (type") and "=" not in source.text:
            rules += 1
    damaged(source, last, "this table is cut off: its totals are missing")


def _sizes(text: str) -> list[int]:
    match = _SIZES.search(text)
    return [int(size) for size in match[1].replace(" ", "").replace("\t", "").strip(",").split(",")] if match else []


def _kernel(text: str, dimensions: int) -> tuple[int, ...]:
    """Return the kernel that a column states, as ``[3, 3]`` or as one number for all dimensions."""
    size = whole_number(text)
    return (size,) * dimensions if size and dimensions > 0 else tuple(_sizes(text))


def _columns(source: Source) -> list[str]:
    """Return the columns behind the first, in the order of the table's head."""
    head = next((text for text, _ in lines_of(source) if text.startswith("Layer (type")), "")
    names = {
        "Input Shape": "input",
        "Output Shape": "output",
        "Param #": "parameters",
        "Kernel Shape": "kernel",
        "Mult-Adds": "macs",
        "Param %": "share",
        "Trainable": "trainable",
    }
    found = sorted((head.find(title), name) for title, name in names.items() if title in head)
    return [name for _, name in found]

"""What the summaries of several tools have in common: rows become a chain of layers, totals become claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import INPUT, Draft, damaged
from cnncalc.foreign.summary_layers import layer_of_row
from cnncalc.foreign.summary_windows import Arriving, SummaryRow

_TOTAL = re.compile(r"^[ \t]*(Trainable params|Total params)[ \t]*:[ \t]*([0-9][0-9,_ ]*)", re.MULTILINE)
_BYTES = re.compile(r"^[ \t]*Input size \(MB\)[ \t]*:[ \t]*([0-9.]+)", re.MULTILINE)
_WINDOWED = re.compile(r"(?:Conv|MaxPool|AvgPool|AveragePool|BatchNorm|ZeroPad|Upsample|Up[sS]ampling)\w*$")
_USUAL_CHANNELS = (3, 1, 4, 2)
_USUAL_SIZES = (28, 32, 64, 96, 128, 160, 192, 224, 227, 256, 299, 300, 320, 384, 416, 512, 572, 608, 640)


def whole_number(text: str) -> int | None:
    """Return a printed number such as ``1,792``; None where it is none."""
    plain = re.sub(r"[,_ ]", "", text.strip())
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 15 else None


def lines_of(source: Source) -> Iterator[tuple[str, Span]]:
    """Yield the lines of a text with their places, without what stands around them."""
    at = 0
    for line in source.text.split("\n"):
        start = at + len(line) - len(line.lstrip())
        text = line.strip()
        yield text, Span(start, start + max(1, len(text)))
        at += len(line) + 1


def volume_of(source: Source, sizes: Sequence[int], span: Span, *, channels_first: bool) -> Volume:
    """Return the volume of a shape without the images of its batch."""
    if not sizes or any(not 0 < size < 10**9 for size in sizes) or len(sizes) > 4:
        damaged(source, span, "this is not the shape of a volume")
    if len(sizes) == 1:
        return Volume.of((1, 1), sizes[0])
    return Volume.of(sizes[1:], sizes[0]) if channels_first else Volume.of(sizes[:-1], sizes[-1])


class ChainOfRows:
    """Rows that follow one another; each takes what the one before makes."""

    def __init__(self, draft: Draft, *, keras: bool) -> None:
        self.draft = draft
        self.keras = keras
        self.volumes: dict[int, Volume] = {}

    def begin(self, volume: Volume) -> None:
        """Set what goes into the network."""
        self.draft.input = str(volume)
        self.volumes[INPUT] = volume

    def begin_before(self, row: SummaryRow) -> None:
        """Work out what goes in from the first row, where the summary does not say it."""
        if INPUT in self.volumes:
            return
        found = min(self._inputs(row), key=lambda volume: volume.spatial[0] not in _USUAL_SIZES, default=None)
        if found is None:
            self.draft.refuse(row.span, "neither the summary nor its first row says what the input is")
        self.draft.remarks.append(f"the input is not printed: {found} fits the first row")
        self.begin(found)

    def _inputs(self, row: SummaryRow) -> Iterator[Volume]:
        """Yield volumes from which the first row may come, the likeliest first."""
        match = _BYTES.search(self.draft.source.text)
        stated = match[1] if match and len(match[1]) < 16 and match[1].count(".") <= 1 else None
        for volume in self._guesses(row):
            size = f"{volume.values * 4 / (1024**2 if not self.keras else 1):.2f}"
            torchinfo = f"{volume.values * 4 / 1e6:.2f}"
            if stated is None or stated in (size, torchinfo):
                yield volume

    def _guesses(self, row: SummaryRow) -> Iterator[Volume]:
        if _plain_dense(row) and row.parameters:
            inputs = row.parameters // row.output.channels
            yield Volume.of((1, 1), inputs - (row.parameters % row.output.channels == 0))
            return
        if not _WINDOWED.match(row.kind) or not row.parameters:
            yield row.output
            return
        filters = row.output.channels
        for channels in _USUAL_CHANNELS:
            for bias in (1, 0):
                area = (row.parameters - bias * filters) // (filters * channels)
                if area < 1 or area * filters * channels != row.parameters - bias * filters:
                    continue
                side = round(area ** (1 / len(row.output.spatial)))
                if side ** len(row.output.spatial) == area:
                    yield from self._sizes(row, side, channels)

    def _sizes(self, row: SummaryRow, side: int, channels: int) -> Iterator[Volume]:
        keeps = row.output.spatial
        paddings = (0, side // 2) if self.keras else (side // 2, 0, *range(1, side // 2))
        for stride in (1, 2, 4, 3):
            for pad in paddings:
                least = [(size - 1) * stride + side - 2 * pad for size in keeps]
                for more in range(stride - 1, -1, -1):
                    volume = Volume.of([size + more for size in least], channels)
                    if min(volume.spatial) >= 1 and (
                        stride == 1 or pad == side // 2 or _BYTES.search(self.draft.source.text)
                    ):
                        yield volume

    def add(self, row: SummaryRow, inputs: Sequence[int] | None = None) -> int:
        """Add a row and return its step; a row that does nothing to a volume is passed over."""
        index = self.draft.last if inputs is None else inputs[0]
        source = self.volumes[index]
        written = layer_of_row(Arriving(self.draft, self._same_dimensions(row, source), source, self.keras))
        if not written:
            return index
        keeps = 2 if self.keras and row.kind == "BatchNormalization" else 0
        made = self.draft.add(
            ["flatten", written] if self._is_stretched(row, source) else written,
            row.span,
            [index],
            name=row.name,
            claim=str(row.output.channels) if max(row.output.spatial) == 1 else str(row.output),
            parameters=row.parameters,
            keeps=keeps,
            remark="" if row.parameters is None else f"{row.parameters:,} parameters" if row.parameters else "",
        )
        self.volumes[made] = row.output
        return made

    def _is_stretched(self, row: SummaryRow, source: Volume) -> bool:
        """Say whether a vector comes out of a layer that keeps the shape, so that it was stretched in front of it."""
        keeps_shape = row.kind.startswith(("Dropout", "BatchNorm", "Softmax", "LogSoftmax")) or not row.parameters
        is_vector = max(row.output.spatial) == 1 < max(source.spatial) and row.output.channels == source.values
        return is_vector and keeps_shape and row.kind != "Flatten"

    def _same_dimensions(self, row: SummaryRow, source: Volume) -> SummaryRow:
        if len(row.output.spatial) == len(source.spatial):
            return row
        if max(row.output.spatial) == 1:
            return row._replace(output=source.vector(row.output.channels))
        self.draft.refuse(row.span, f"{row.output} has other dimensions than {source}, which arrives")

    def finish(self) -> None:
        """Take the stated total, that of the learned parameters where both are printed."""
        totals = {match[1]: match for match in _TOTAL.finditer(self.draft.source.text)}
        match = totals.get("Trainable params") or totals.get("Total params")
        number = whole_number(match[2]) if match else None
        if match and number:
            self.draft.total = number, Span.of(match)


def _plain_dense(row: SummaryRow) -> bool:
    return row.kind in ("Linear", "Dense")

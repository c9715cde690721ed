"""Graphics cards: their memory, what they compute and move at most, and the memory that PyTorch has on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from cnncalc.core.tables import CsvRow, TableFormat, by_name, read_table
from cnncalc.core.words import closest, shorten

MEBIBYTE = 1024 * 1024

CONTEXT = 512 * MEBIBYTE
"""What is set aside for the CUDA context and its kernels, which lie outside of PyTorch's allocator. Not measured."""


class Gpu(NamedTuple):
    """A card.

    Attributes:
        mebibytes: its memory, as the driver reports it.
        workspace: what cuBLAS takes of it, in bytes; None for the usual.
        system: MiB that the operating system takes of it, where the two share their memory.
        bandwidth: of its memory, in bytes per second; None where it is not known.
        peaks: by the precision what it computes at most, dense, in FLOP per second (operations for ``int8``).
        source, date: where these are from, and when that was published; "" for what has no date.

    """

    mebibytes: int
    workspace: int | None = None
    system: int = 0
    bandwidth: float | None = None
    peaks: Mapping[str, float] = MappingProxyType({})
    source: str = ""
    date: str = ""

    @property
    def budget(self) -> int:
        """Bytes that PyTorch can hand out."""
        return (self.mebibytes - self.system) * MEBIBYTE - CONTEXT


Cards = Mapping[str, Gpu]
"""Cards by their names."""

CARDS_FILE = Path(__file__).with_name("cards.csv")
"""The cards that are known, with the memory that nvidia-smi shows; it varies by some MiB between drivers. Of a card
that is sold with two sizes, the smaller one goes by the plain name. A Jetson board shares its memory with the operating
system; tegrastats shows it, and it varies by some percent between releases. Linux without a desktop takes 1,024 MiB of
it, which was not measured. From Hopper on, cuBLAS takes a workspace of 32 MiB. Peaks are those of dense matrices with
sums in float32, which is what PyTorch computes with; a card without Tensor Cores has them in fp16 with sums in fp16. A
figure that no published text states, or follows from, is left out, and so is the date of a source that has none."""

PEAKS = {
    "float32": "float32_tflops",
    "tf32": "tf32_tflops",
    "bf16": "bf16_tflops",
    "fp16": "fp16_tflops",
    "int8": "int8_tops",
}
"""The precisions in which cards have a peak, with the column of each."""

COLUMNS = ("memory_mib", "workspace_mib", "system_mib", "bandwidth_gb_s", *PEAKS.values(), "source", "date")
"""What a table may say of a card beside its name."""

_FORM = TableFormat("bad-cards", ("name", "memory_mib"), COLUMNS[1:])


def read_cards(path: str | Path) -> Cards:
    """Read a table of cards: CSV with the columns ``name`` and ``memory_mib``, and any others of `COLUMNS`.

    Raises:
        SpecError: with the code ``bad-cards``, for a table that cannot be read, and for what it may not say.

    """
    return {name: _card(name, row) for name, row in by_name(read_table(path, _FORM), "card")}


def _card(name: str, row: CsvRow) -> Gpu:
    """Return the card of a row; what it says of no unit of ours is refused with its line."""

    def number(column: str) -> float | None:
        return row.positive(column) if row.text(column) else None

    memory = number("memory_mib")
    if memory is None:
        raise row.fault(f"{shorten(name)} has no memory_mib")
    workspace, bandwidth = number("workspace_mib"), number("bandwidth_gb_s")
    peaks = {precision: peak * 1e12 for precision, column in PEAKS.items() if (peak := number(column))}
    return Gpu(
        int(memory),
        None if workspace is None else int(workspace * MEBIBYTE),
        int(number("system_mib") or 0),
        None if bandwidth is None else bandwidth * 1e9,
        MappingProxyType(peaks),
        row.text("source"),
        row.text("date"),
    )


GPUS = read_cards(CARDS_FILE)
"""The cards that are known, by their usual names."""

_MAKERS = re.compile(r"^(?:nvidia|geforce|tesla|gtx|rtx|jetson)+")
_FORMS = re.compile(r"[- ](?:sxm[0-9]?|pcie)\b")
_GIGABYTES = re.compile(r"gi?b?$")


def gpu_named(name: str, cards: Cards = GPUS) -> str | None:
    """Return the name under which a card is listed, however it is spelled; None for a card that is not.

    ``NVIDIA GeForce RTX 3060``, ``rtx-3060`` and ``RTX 3060 12GB`` are all ``rtx3060``; a size that the
    card does not have makes another card of it.
    """
    plain = {_plain(known): known for known in cards}
    wanted = _plain(name)
    if wanted in plain or not (unit := _GIGABYTES.search(wanted)):
        return plain.get(wanted)
    wanted = wanted[: unit.start()]
    sizes = [(plain[wanted[:-digits]], wanted[-digits:]) for digits in (1, 2, 3) if wanted[:-digits] in plain]
    return next((card for card, size in sizes if size.isdecimal() and _is_sold_with(cards[card], int(size))), None)


def closest_gpus(name: str, cards: Cards = GPUS) -> list[str]:
    """Return the names of the cards that may have been meant, the likeliest first."""
    plain = {_plain(known): known for known in cards}
    return [plain[match] for match in closest(_plain(name), plain, 3)]


def _is_sold_with(card: Gpu, gigabytes: int) -> bool:
    """Say whether a card has so much memory: the driver shows up to 7 % less than its box says."""
    return 0.92 * 1024 * gigabytes <= card.mebibytes <= 1024 * gigabytes


def _plain(name: str) -> str:
    return _MAKERS.sub("", re.sub(r"[^a-z0-9]", "", _FORMS.sub("", name.lower())))

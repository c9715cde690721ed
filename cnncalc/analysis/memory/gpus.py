"""Graphics cards, and the memory that PyTorch has on them."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.core.words import closest

MEBIBYTE = 1024 * 1024

CONTEXT = 512 * MEBIBYTE
"""What is set aside for the CUDA context and its kernels, which lie outside of PyTorch's allocator. Not measured."""

HOPPER_WORKSPACE = 32 * MEBIBYTE
"""What cuBLAS takes on cards from Hopper on."""

SYSTEM = 1024
"""MiB that Linux without a desktop takes of the memory that a Jetson board shares with it. Not measured."""


class Gpu(NamedTuple):
    """A card.

    Attributes:
        mebibytes: its memory, as the driver reports it.
        workspace: what cuBLAS takes of it, in bytes; None for the usual.
        system: MiB that the operating system takes of it, where the two share their memory.

    """

    mebibytes: int
    workspace: int | None = None
    system: int = 0

    @property
    def budget(self) -> int:
        """Bytes that PyTorch can hand out."""
        return (self.mebibytes - self.system) * MEBIBYTE - CONTEXT


GPUS = {
    "gtx1060": Gpu(6_144),
    "gtx1070": Gpu(8_192),
    "gtx1080": Gpu(8_192),
    "gtx1080ti": Gpu(11_264),
    "gtx1650": Gpu(4_096),
    "gtx1660": Gpu(6_144),
    "rtx2060": Gpu(6_144),
    "rtx2070": Gpu(8_192),
    "rtx2080": Gpu(8_192),
    "rtx2080ti": Gpu(11_264),
    "rtx3050": Gpu(8_192),
    "rtx3060": Gpu(12_288),
    "rtx3060-8gb": Gpu(8_192),
    "rtx3060ti": Gpu(8_192),
    "rtx3070": Gpu(8_192),
    "rtx3070ti": Gpu(8_192),
    "rtx3080": Gpu(10_240),
    "rtx3080-12gb": Gpu(12_288),
    "rtx3080ti": Gpu(12_288),
    "rtx3090": Gpu(24_576),
    "rtx4060": Gpu(8_188),
    "rtx4060ti": Gpu(8_188),
    "rtx4060ti-16gb": Gpu(16_380),
    "rtx4070": Gpu(12_282),
    "rtx4070ti": Gpu(12_282),
    "rtx4080": Gpu(16_376),
    "rtx4090": Gpu(24_564),
    "rtx5060": Gpu(8_151),
    "rtx5060ti": Gpu(8_151),
    "rtx5060ti-16gb": Gpu(16_311),
    "rtx5070": Gpu(12_227),
    "rtx5070ti": Gpu(16_303),
    "rtx5080": Gpu(16_303),
    "rtx5090": Gpu(32_607),
    "a6000": Gpu(49_140),
    "t4": Gpu(15_360),
    "p100": Gpu(16_384),
    "v100": Gpu(16_384),
    "v100-32gb": Gpu(32_768),
    "a10": Gpu(23_028),
    "l4": Gpu(23_034),
    "l40s": Gpu(46_068),
    "a100": Gpu(40_960),
    "a100-80gb": Gpu(81_920),
    "h100": Gpu(81_559, HOPPER_WORKSPACE),
    "h200": Gpu(143_771, HOPPER_WORKSPACE),
    "b200": Gpu(183_359, HOPPER_WORKSPACE),
    "jetson-nano": Gpu(3_956, system=SYSTEM),
    "jetson-tx2": Gpu(7_860, system=SYSTEM),
    "jetson-xavier-nx": Gpu(7_773, system=SYSTEM),
    "jetson-agx-xavier": Gpu(31_920, system=SYSTEM),
    "jetson-orin-nano": Gpu(7_620, system=SYSTEM),
    "jetson-orin-nano-4gb": Gpu(3_432, system=SYSTEM),
    "jetson-orin-nx": Gpu(7_620, system=SYSTEM),
    "jetson-orin-nx-16gb": Gpu(15_656, system=SYSTEM),
    "jetson-agx-orin": Gpu(30_698, system=SYSTEM),
    "jetson-agx-orin-64gb": Gpu(62_841, system=SYSTEM),
}
"""Cards by their usual names, with the memory that nvidia-smi shows; it varies by some MiB between drivers. Of a
card that is sold with two sizes, the smaller one goes by the plain name. A Jetson board shares its memory
with the operating system; tegrastats shows it, and it varies by some percent between releases."""

_MAKERS = re.compile(r"^(?:nvidia|geforce|tesla|gtx|rtx|jetson)+")
_FORMS = re.compile(r"[- ](?:sxm[0-9]?|pcie)\b")
_GIGABYTES = re.compile(r"gi?b?$")


def gpu_named(name: str) -> str | None:
    """Return the name under which a card is listed, however it is spelled; None for a card that is not.

    ``NVIDIA GeForce RTX 3060``, ``rtx-3060`` and ``RTX 3060 12GB`` are all ``rtx3060``; a size that the
    card does not have makes another card of it.
    """
    plain = {_plain(listed): listed for listed in GPUS}
    wanted = _plain(name)
    if wanted in plain or not (unit := _GIGABYTES.search(wanted)):
        return plain.get(wanted)
    wanted = wanted[: unit.start()]
    sizes = [(plain[wanted[:-digits]], wanted[-digits:]) for digits in (1, 2, 3) if wanted[:-digits] in plain]
    return next((card for card, size in sizes if size.isdecimal() and _is_sold_with(card, int(size))), None)


def closest_gpus(name: str) -> list[str]:
    """Return the names of the cards that may have been meant, the likeliest first."""
    plain = {_plain(listed): listed for listed in GPUS}
    return [plain[match] for match in closest(_plain(name), plain, 3)]


def _is_sold_with(card: str, gigabytes: int) -> bool:
    """Say whether a card has so much memory: the driver shows up to 7 % less than its box says."""
    return 0.92 * 1024 * gigabytes <= GPUS[card].mebibytes <= 1024 * gigabytes


def _plain(name: str) -> str:
    return _MAKERS.sub("", re.sub(r"[^a-z0-9]", "", _FORMS.sub("", name.lower())))

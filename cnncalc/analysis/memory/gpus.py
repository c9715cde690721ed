"""Graphics cards, and the memory that PyTorch has on them."""

from __future__ import annotations

from typing import NamedTuple

MEBIBYTE = 1024 * 1024

CONTEXT = 512 * MEBIBYTE
"""What is set aside for the CUDA context and its kernels, which lie outside of PyTorch's allocator. Not measured."""

HOPPER_WORKSPACE = 32 * MEBIBYTE
"""What cuBLAS takes on cards from Hopper on."""


class Gpu(NamedTuple):
    """A card: its memory as the driver reports it, and cuBLAS's workspace where it is not the usual one."""

    mebibytes: int
    workspace: int | None = None

    @property
    def budget(self) -> int:
        """Bytes that PyTorch can hand out."""
        return self.mebibytes * MEBIBYTE - CONTEXT


GPUS = {
    "gtx1080ti": Gpu(11_264),
    "rtx2080ti": Gpu(11_264),
    "rtx3060": Gpu(12_288),
    "rtx3080": Gpu(10_240),
    "rtx3090": Gpu(24_576),
    "rtx4060ti": Gpu(16_380),
    "rtx4070": Gpu(12_282),
    "rtx4080": Gpu(16_376),
    "rtx4090": Gpu(24_564),
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
}
"""Cards by their usual names, with the memory that nvidia-smi shows; it varies by some MiB between drivers."""

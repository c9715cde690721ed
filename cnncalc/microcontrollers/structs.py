"""The structures of TensorFlow Lite Micro's interpreter, field by field, and how many bytes they are on a machine.

A structure is written as the letters of its fields: ``P`` a pointer or ``size_t``, ``i`` 4 bytes (``int``, ``float``,
an enum), ``h`` 2, ``b`` 1 and ``d`` 8 (``double``, ``int64_t``). At ``|``, else at the end, stand those for compressed
weights.

The fields are those of tensorflow/tflite-micro at `COMMIT`, with TF_LITE_STATIC_MEMORY.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

COMMIT = "90b983c2b3f1480642e040bbd2ddb37b998f3424"
"""The version of the interpreter that is predicted, of 20 August 2026."""

ALIGNMENT = 16
"""What tensors and the buffers of kernels are aligned to (``MicroArenaBufferAlignment``)."""


class Build(NamedTuple):
    """How the interpreter is built.

    Attributes:
        pointer: bytes of a pointer.
        recording: whether the allocator records what is allocated, as that of the Python package does.
        compression: whether it reads compressed weights (``USE_TFLM_COMPRESSION``), as the Python package does.

    """

    pointer: int
    recording: bool
    compression: bool


BOARD = Build(pointer=4, recording=False, compression=False)
"""A microcontroller of 32 bits: the usual interpreter."""

PYTHON = Build(pointer=8, recording=True, compression=True)
"""The interpreter of the Python package ``tflite-micro``, on 64 bits, which tests compare with."""


class Struct(NamedTuple):
    """A structure: its fields, and those that it has behind them if compressed weights are read."""

    fields: str
    compressed: str = ""

    def size(self, build: Build) -> int:
        """Return its bytes."""
        return _layout(self.all_fields(build), build.pointer)[0]

    def alignment(self, build: Build) -> int:
        """Return the bytes that its address is a multiple of."""
        return _layout(self.all_fields(build), build.pointer)[1]

    def all_fields(self, build: Build) -> str:
        """Return its fields under a build."""
        extra = self.compressed if build.compression else ""
        before, _, behind = self.fields.partition("|")
        return f"{before}{extra}{behind}"


@lru_cache(maxsize=256)
def _layout(fields: str, pointer: int) -> tuple[int, int]:
    """Return the bytes and the alignment of a structure, by the rules of C."""
    sizes = {"P": pointer, "i": 4, "h": 2, "b": 1, "d": 8}
    offset = alignment = 0
    for letter in fields:
        size = sizes[letter]
        alignment = max(alignment, size)
        offset = round_up(offset, size) + size
    return round_up(offset, alignment or 1), alignment or 1


def round_up(size: int, multiple: int) -> int:
    """Return the next multiple that is not below a size."""
    return -(-size // multiple) * multiple


ARENA_ALLOCATOR = Struct("PPPPPPPPi")
RECORDING_ARENA_ALLOCATOR = Struct("PPPPPPPPiPPPP")
PLANNER = Struct("PiiPPPPiiPb")
ALLOCATOR = Struct("PPPPPbPPP")
RECORDING_ALLOCATOR = Struct("PPPPPbPPPP" + 7 * "PPP" + "|", "PPP")
BUILTIN_DATA_ALLOCATOR = Struct("PP")
SUBGRAPH = Struct("PP", "P")
EVAL_TENSOR = Struct("PPi")
NODE = Struct("PPPPPPiP")
TENSOR = Struct("iPiiPPPiib")
QUANTIZATION = Struct("PPi")
SCRATCH_HANDLE = Struct("P")
SCRATCH_REQUEST = Struct("Pii")
ALLOCATION_INFO = Struct("PPiiib")

PLANNED_BUFFER = 40
"""Bytes that the planner works with for each buffer that it places."""

MOST_SCRATCH = 12
"""Scratch buffers that an operator may ask for (``kMaxScratchBuffersPerOp``), for which room is kept."""

POINTERS = "P"

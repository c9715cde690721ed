"""The sizes of structures, as a C compiler lays them out: ctypes is the oracle."""

from __future__ import annotations

import ctypes

import pytest

from cnncalc.microcontrollers import structs
from cnncalc.microcontrollers.operators import KERNELS
from cnncalc.microcontrollers.structs import BOARD, PYTHON, Build, Struct

ALL = [value for value in vars(structs).values() if isinstance(value, Struct)]
ALL += [each for kernel in KERNELS.values() for each in (kernel.parsed, kernel.data) if each.fields]


@pytest.mark.parametrize("build", [BOARD, PYTHON])
@pytest.mark.parametrize("struct", ALL)
def test_sizes_and_alignments(struct: Struct, build: Build) -> None:
    pointer = {4: ctypes.c_uint32, 8: ctypes.c_uint64}[build.pointer]
    types = {"P": pointer, "i": ctypes.c_int32, "h": ctypes.c_int16, "b": ctypes.c_int8, "d": ctypes.c_double}
    fields = [(f"field{number}", types[letter]) for number, letter in enumerate(struct.all_fields(build))]
    laid_out = type("LaidOut", (ctypes.Structure,), {"_fields_": fields})
    assert (struct.size(build), struct.alignment(build)) == (ctypes.sizeof(laid_out), ctypes.alignment(laid_out))


def test_those_of_the_interpreter_on_64_bits() -> None:
    """What its recording allocator shows for one of each: ``requested 576 bytes for 24`` tensors, 768 for 12 nodes."""
    assert structs.EVAL_TENSOR.size(PYTHON) == 576 // 24
    assert structs.NODE.size(PYTHON) == 768 // 12
    assert structs.TENSOR.size(PYTHON) == 128 // 2

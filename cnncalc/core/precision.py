"""Precisions: the types of numbers that values are kept and computed in, each with its name and its bytes."""

from __future__ import annotations

from typing import NamedTuple


class Precision(NamedTuple):
    """A type of numbers.

    Attributes:
        name: what options, settings and JSON call it.
        bytes: of one value in memory.
        also: other words for it, PyTorch's among them.

    """

    name: str
    bytes: int
    also: tuple[str, ...] = ()


ALL = (
    Precision("float64", 8, ("fp64", "double")),
    Precision("float32", 4, ("fp32", "float")),
    Precision("tf32", 4),
    Precision("bf16", 2, ("bfloat16",)),
    Precision("fp16", 2, ("float16", "half")),
    Precision("int8", 1),
)

BYTES = {precision.name: precision.bytes for precision in ALL}
"""Bytes of one value by the name of its precision."""

SPELLINGS = {word: precision.name for precision in ALL for word in precision.also}
"""Other words for precisions, and the names that they stand for."""

STORED = tuple(name for name in BYTES if name != "tf32")
"""What values can be kept in; tf32 is arithmetic on float32."""

AUTOCAST = ("float32", "bf16", "fp16")
"""What a step can be predicted in: float32, or autocast to one of the others."""

TRAINED = ("float32", "tf32", "bf16", "fp16")
"""What a network can be trained in."""

TORCH_NAMES = {"bf16": "bfloat16", "fp16": "float16"}
"""PyTorch's names, where they are others; the JSON schema 1 has them too."""

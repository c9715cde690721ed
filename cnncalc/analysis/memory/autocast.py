"""What autocast casts, by the operations' names in `cnncalc.layers.kernels`.

Source: the lists of PyTorch's page "Automatic Mixed Precision package" for CUDA and for the CPU. Operations on no list
take what arrives, and a product or a sum of two types has the wider one.
"""

from __future__ import annotations

from collections.abc import Sequence

FULL = 4
"""Bytes of a float32."""

LOWERED = frozenset(("convolution", "linear", "prelu"))

RAISED = {
    "cpu": frozenset(
        (
            "adaptive_avg_pool3d",
            "adaptive_max_pool3d",
            "avg_pool3d",
            "loss",
            "max_pool3d",
            "reflect_pad1d",
            "reflect_pad2d",
            "replicate_pad1d",
            "replicate_pad2d",
            "replicate_pad3d",
        )
    ),
    "cuda": frozenset(("group_norm", "layer_norm", "logsoftmax", "loss", "pow", "softmax", "softplus", "upsample")),
}
"""What is computed in float32; convolutions and what is like them are computed in the lower type."""

WIDENED = frozenset(("cat",))
"""What casts its operands to the widest type among them."""

UNCAST = frozenset(("scale",))
"""A product with a learned float32 tensor, which is float32 itself."""


def operand_size(operation: str, sizes: Sequence[int], low: int, device: str) -> int | None:
    """Return the bytes of a value that the operands are cast to; None where they stay as they arrive."""
    if operation in LOWERED:
        return low
    if operation in RAISED[device]:
        return FULL
    return max(sizes) if operation in WIDENED else None


def result_size(operation: str, sizes: Sequence[int]) -> int:
    """Return the bytes of a value of the result, given those of the operands as they were cast."""
    return FULL if operation in UNCAST else max(sizes)

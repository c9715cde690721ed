"""What convolutions of all kinds do to memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import FLOAT, INPUTS, LOWERED, Extra, Kernel, order_of_images


def convolution_kernel(layer: Layer, sources: Sources, kernel: Sequence[int], columns: int) -> Kernel:
    """Return the kernel of a convolution whose weights are [rows x columns x positions of the window]."""
    dimensions = sources[0].dimensions
    return Kernel(
        "convolution",
        layer.output(sources).values,
        keeps=INPUTS,
        parameters=layer.tensors(sources),
        casts=LOWERED,
        lies=order_of_images(dimensions),
        reorders=dimensions > 1 and columns > 1 and prod(kernel) > 1,  # else there is one order of the weights
    )


def without_gradient(kernel: Kernel, weights: int, biases: int) -> Kernel:
    """Return the kernel of a layer whose numbers are constants: buffers, and under autocast their copies."""
    tensors = [count for count in (weights, biases) if count]
    copies = (Extra(fixed=weights, lowered=True),)  # that of the biases is not kept
    return kernel._replace(buffers=tuple([FLOAT * count for count in tensors]), extras=copies, reorders=False)

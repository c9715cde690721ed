"""Where gradients of one value are added up: in the first one's memory, unless somebody else still reads it."""

from __future__ import annotations

import cnncalc

VOLUME = 16 * 16 * 64 * 4
WEIGHT = 64 * 64 * 4
BLOCK = 512
"""What the CUDA allocator hands out at the least."""


def test_a_gradient_that_others_still_read_is_not_added_to_in_place() -> None:
    """The sum's gradient goes to x and to both convolutions: the first addition at x needs a tensor of its own.

    At the peak, in the second convolution: the image, x, the sum's gradient, the sum of two gradients of x, and the
    third one; the gradients of two weights. Small ones: fc's gradients, labels, loss, its gradient and the output.
    """
    text = "conv 1x1x64 nobias - add( | conv 1x1x64 nobias | conv 1x1x64 nobias ) - gap - fc 2"
    network = cnncalc.load(text, input="16x16x64")
    prediction = cnncalc.predict_memory(network, batch=1, momentum=0.0, weight_decay=0.0, workspace_bytes=0)
    parameters = 3 * WEIGHT + 2 * BLOCK
    assert prediction.peak_bytes == parameters + 5 * VOLUME + 2 * WEIGHT + 6 * BLOCK

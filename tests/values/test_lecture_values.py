"""Every slide of the lectures with numbers in it, and what stands on it."""

from __future__ import annotations

from typing import Any

import cnncalc
from cnncalc.values import Computation, compute
from cnncalc.values.sums import unit_sum

FIVE = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
BOOK = [[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]]
POOLED = [[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]


def computed(text: str, volume: str, values: Any, **more: Any) -> Computation:
    return compute(cnncalc.load(text + "\n", input=volume), values, **more)


def test_a_5x5_image_under_a_3x3_filter() -> None:
    """The slide shows the first value, 4."""
    made = computed("conv 3x3x1 nobias kernel=[1 0 1; 0 1 0; 1 0 1]", "5x5x1", FIVE)
    assert made.output.nested() == [[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]
    assert unit_sum(made, 1, (0, 0)).parts[0].products == (
        *[(1, 1), (1, 0), (1, 1)],
        *[(0, 0), (1, 1), (1, 0)],
        *[(0, 1), (0, 0), (1, 1)],
    )


def test_max_pooling_of_4x4_numbers() -> None:
    assert computed("pool 2x2 s2", "4x4x1", POOLED).output.nested() == [[[6, 8], [3, 4]]]


def test_the_gradient_of_max_pooling_goes_to_the_winner_of_each_window() -> None:
    made = computed("pool 2x2 s2", "4x4x1", POOLED, gradient=[[1, 2], [3, 4]])
    assert made.input_gradient is not None
    assert made.input_gradient.nested() == [[[0, 0, 0, 0], [0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 4]]]


def test_the_books_example() -> None:
    """Figures 7-4 to 7-6: without a bias, with a bias of 3, and with a padding of 1."""
    kernel = "kernel=[2 0 1; 0 1 2; 1 0 2]"
    assert computed(f"conv 3x3x1 nobias {kernel}", "4x4x1", BOOK).output.nested() == [[[15, 16], [6, 15]]]
    assert computed(f"conv 3x3x1 {kernel} bias=3", "4x4x1", BOOK).output.nested() == [[[18, 19], [9, 18]]]
    assert computed(f"conv 3x3x1 p1 nobias {kernel}", "4x4x1", BOOK).output.nested() == [
        [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]]
    ]


def test_a_convolution_that_is_filled_with_10() -> None:
    """`torch.nn.Conv2d(3, 1, 3)` with weights and a bias of 10: 10 times the sum of 27 inputs, plus 10."""
    made = computed("conv 3x3x1", "10x10x3", None, tensors={"conv1.weight": 10, "conv1.bias": 10})
    assert made.network.output == (8, 8, 1)
    planes = made.input.nested()
    for row in range(8):
        for column in range(8):
            seen = sum(sum(line[column : column + 3]) for plane in planes for line in plane[row : row + 3])
            assert made.output.at(0, row, column) == 10 * seen + 10


def test_vertical_edges() -> None:
    """The filter -1 0 1 on a picture that is dark at the left and bright at the right: the edge alone remains."""
    picture = [[0, 0, 0, 9, 9, 9]] * 4
    made = computed("conv 3x3x1 nobias kernel=[-1 0 1; -1 0 1; -1 0 1]", "4x6x1", picture)
    assert made.output.nested() == [[[0, 27, 27, 0]] * 2]


def test_the_maps_of_several_channels_are_added() -> None:
    """A filter over each channel, one map per filter."""
    channels = [[[1, 2], [3, 4]], [[10, 20], [30, 40]], [[100, 200], [300, 400]]]
    made = computed("conv 1x1x2 nobias kernel=[1 | 1 | 1 || 1 | 2 | 3]", "2x2x3", channels)
    assert made.output.nested() == [[[111, 222], [333, 444]], [[321, 642], [963, 1284]]]


def test_the_layer_does_not_flip_its_filter() -> None:
    """Cross-correlation: the value at the right of each window, not at its left."""
    made = computed("conv 3x1 nobias kernel=[0 0 1]", "5x1", [1, 2, 3, 4, 5])
    assert made.output.nested() == [[3, 4, 5]]


def test_two_layers() -> None:
    """f = W2 max(0, W1 x)"""
    weights = {"fc1.weight": [[1, -1], [-1, 1], [2, 0]], "fc2.weight": [[1, 10, 100]]}
    made = computed("fc 3 nobias - relu - fc 1 nobias", "1x1x2", [3, 5], tensors=weights)
    assert made.layer("fc1").output.flat == (-2, 2, 6)
    assert made.output.flat == (10 * 2 + 100 * 6,)


def test_a_residual() -> None:
    """a[l+2] = g(z[l+2] + a[l])"""
    made = computed("add( conv 1x1x1 nobias kernel=[-3] | ) - relu", "2x2x1", [[1, -2], [3, -4]])
    assert made.output.nested() == [[[0, 4], [0, 8]]]

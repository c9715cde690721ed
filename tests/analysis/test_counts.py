"""What is counted for a network: units, and what the totals are sums of."""

from __future__ import annotations

import pytest
import torch

import cnncalc
from cnncalc.core.precision import BYTES, STORED, TORCH_NAMES

NET = "conv 5x5x6 - relu - pool 2x2 - fc 10"
VALUES = [32 * 32 * 1, 28 * 28 * 6, 28 * 28 * 6, 14 * 14 * 6, 10]


def load(text: str = NET, volume: str = "32x32x1") -> cnncalc.Network:
    """Read a spec's text."""
    return cnncalc.load(text, input=volume)


def test_bytes_of_every_layer_and_the_input():
    """4 bytes for each value that a layer makes; the total includes the input."""
    counts = cnncalc.count(load())
    assert counts.input_bytes == VALUES[0] * 4
    assert [row.activation_bytes for row in counts.rows] == [values * 4 for values in VALUES[1:]]
    assert counts.activation_bytes == sum(VALUES) * 4


@pytest.mark.parametrize("name", STORED)
def test_bytes_of_a_type_are_torch_s(name: str):
    """A value of each type takes the bytes that PyTorch's takes."""
    assert BYTES[name] == torch.empty(1, dtype=getattr(torch, TORCH_NAMES.get(name, name))).element_size()


def test_batch_multiplies_activations_but_not_parameters():
    """16 images in half precision: 16 times the activations at 2 bytes, and the same parameters."""
    counts = cnncalc.count(load(), dtype="float16", batch=16)
    assert counts.activation_bytes == sum(VALUES) * 2 * 16
    assert counts.parameter_bytes == ((5 * 5 * 1 + 1) * 6 + (14 * 14 * 6 + 1) * 10) * 2


def test_totals_are_sums_of_the_layers():
    """Weights, biases, parameters and multiplications of a network are those of its layers."""
    net = load()
    assert net.weights == 5 * 5 * 1 * 6 + 14 * 14 * 6 * 10
    assert net.biases == 6 + 10
    assert net.params == net.weights + net.biases
    assert net.macs == (28 * 28 * 6) * (5 * 5 * 1) + 10 * (14 * 14 * 6)
    assert net.activations == sum(VALUES)


def test_a_repeated_layer_counts_each_time():
    """Layers that are alike have parameters of their own."""
    assert load("(conv 3x3x{C} p1)*5", "8x8x4").params == 5 * (3 * 3 * 4 + 1) * 4


def test_a_volume_that_is_used_twice_is_counted_once():
    """`add( conv | )` holds the input, the convolution's output and the sum."""
    assert load("add( conv 3x3x4 p1 | )", "8x8x4").activations == 3 * (8 * 8 * 4)


def test_rows_stand_on_their_lines():
    """Each row knows the line that writes it."""
    counts = cnncalc.count(cnncalc.load("input 8x8x1\n\nconv 3x3x2 p1 - relu\n(pool 2x2)*2\n"))
    assert [row.line for row in counts.rows] == [3, 3, 4, 4]


def test_a_network_without_layers():
    """An input alone has an output, and costs its own memory."""
    net = cnncalc.load("input 8x8x1\n")
    assert (net.output, net.params, net.macs) == (net.input, 0, 0)
    assert cnncalc.count(net).activation_bytes == 8 * 8 * 4

"""Random networks, forwards and backwards, beside PyTorch in float64.

``python -m tests.values.test_random_networks 2000`` goes through as many as that.
"""

from __future__ import annotations

import sys
from random import Random

import pytest
import torch

from cnncalc import SpecError
from cnncalc.values import Computation, Numbers, compute
from cnncalc.values.compute import shape_of
from tests.values.oracle import assert_close, assert_equal, is_sensitive
from tests.values.random_networks import random_network
from tests.values.test_layers_in_torch import drawn

SHARE = 60
"""Networks of each kind in the suite."""


def computed(seed: int, *, exact: bool) -> tuple[Computation, Numbers] | None:
    """Return a network with its values and gradients, and the gradient of its output; None where they do not exist."""
    network = random_network(seed, exact=exact)
    values, gradient = drawn(shape_of(network.input), seed), drawn(shape_of(network.output), seed + 1)
    if not exact:  # no value lies exactly where a slope changes, on this side of a rounding or on the other
        random = Random(seed)
        values = Numbers.of(values.shape, [random.uniform(-3, 3) for _ in values.flat])
    tensors = {
        f"{node.name}.{tensor.name}": drawn(tensor.shape, seed + node.index, -2)
        for node in network.layers
        if node.index not in network.weights_of
        for tensor in node.layer.state(node.sources)
        if not tensor.start
    }
    try:
        return compute(network, values, tensors=tensors, gradient=gradient), gradient
    except SpecError as error:  # the root of 0 has no slope, of a number below 0 no value; a window reads padding alone
        assert error.code in ("divides-by-zero", "not-real", "no-values")
        return None


@pytest.mark.parametrize("seed", range(SHARE))
def test_whole_numbers_are_equal_to_the_digit(seed: int) -> None:
    if found := computed(seed, exact=True):
        assert all(isinstance(number, int) for layer in found[0].layers for number in layer.output.flat)
        assert_equal(*found)


@pytest.mark.parametrize("seed", range(SHARE))
def test_all_others_are_close(seed: int) -> None:
    if (found := computed(seed, exact=False)) and not is_sensitive(*found):
        assert_close(*found)


def main(count: int) -> None:
    """Go through many networks and say what came of them."""
    torch.set_num_threads(1)
    done = {True: 0, False: 0}
    undefined, sensitive, layers, kinds = 0, 0, 0, set()
    for number in range(count):
        exact = number % 2 == 0
        found = computed(10_000 + number, exact=exact)
        if found is None:
            undefined += 1
            continue
        if not exact and is_sensitive(*found):
            sensitive += 1
            continue
        (assert_equal if exact else assert_close)(*found)
        done[exact] += 1
        layers += len(found[0].layers)
        kinds |= {layer.node.layer.kind for layer in found[0].layers}
    print(f"{done[True]} exact and {done[False]} other networks, {layers} layers of {len(kinds)} kinds agree")
    print(f"{undefined} have no values or gradients: a root of 0 or of a number below 0, a window on padding alone")
    print(f"{sensitive} change by more than a rounding in PyTorch itself where the input does by 1e-11 of itself")


if __name__ == "__main__":
    main(int(sys.argv[1]))

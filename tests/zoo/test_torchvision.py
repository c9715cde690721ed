"""Every convolutional classifier of torchvision has a spec in the zoo, and the two are the same network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.zoo import harness
from tests.zoo.harness import Measured


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one core, as several processes that run tests share the machine's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=harness.CLASSIFIERS)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a classifier; all that is asked about one is asked before the next."""
    return str(request.param)


@pytest.fixture(scope="module")
def measured(name: str) -> Measured:
    """Return what PyTorch says of a classifier."""
    return harness.measure(name)


def test_the_zoo_holds_all_of_them() -> None:
    """Torchvision has 68 classifiers beside its transformers."""
    assert len(harness.CLASSIFIERS) == 68


def test_parameters(name: str, measured: Measured) -> None:
    """Weights and biases are exactly torchvision's."""
    net = harness.load(name)
    assert (net.weights, net.biases) == (measured.weights, measured.biases)


def test_macs(name: str, measured: Measured) -> None:
    """Multiplications are exactly half of the flops that PyTorch's own counter finds."""
    assert harness.load(name).macs == measured.macs


def test_volumes(name: str, measured: Measured) -> None:
    """Convolutions, linear layers, norms and pools make the same volumes in the same order."""
    difference = harness.first_difference(harness.made(harness.load(name)), measured.made)
    assert not difference, difference


def test_outputs(name: str) -> None:
    """With torchvision's weights, paired in execution order, the network computes what torchvision's does."""
    computed, expected = harness.outputs(name)
    assert harness.relative_difference(computed, expected) < 1e-4
    # and the weights in front of the last bias matter: the two images come out differently
    assert harness.relative_difference(expected[0], expected[1]) > 0.01

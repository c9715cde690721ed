"""The proof passes for everything that ships, and for networks that nobody thought of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import cnncalc
from cnncalc import zoo
from cnncalc.model.verify import verify
from tests.oracle.torch_modules import Drawn, Shape, networks, volume


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_every_spec_of_the_zoo_agrees_with_pytorch_and_torchinfo(name: str) -> None:
    """Volumes, parameters and MACs of every layer, at the spec's own input size."""
    assert [check for check in verify(cnncalc.load(name)) if not check.holds] == []


@pytest.mark.slow
@settings(max_examples=40)
@given(drawn=networks())
def test_random_networks_agree(drawn: tuple[Shape, Drawn]) -> None:
    """Chains with branches, repeats and blocks, in one to three dimensions."""
    shape, drawing = drawn
    network = cnncalc.load(drawing.text, input=volume(shape))
    assert [check for check in verify(network) if not check.holds] == []

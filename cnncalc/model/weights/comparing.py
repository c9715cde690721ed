"""Whether a network with published weights computes what torchvision's own model computes."""

from __future__ import annotations

from typing import NamedTuple

import torch

from cnncalc.model.build import build
from cnncalc.model.weights.given import given_weights
from cnncalc.model.weights.matching import Matching, fill, match
from cnncalc.model.weights.torchvision_weights import torchvision_model
from cnncalc.network import Network

IMAGES = 2
"""Random images that both networks see."""

TOLERANCE = 1e-4
"""Largest difference of two outputs, as a share of the largest output; float32 adds in another order."""


class WeightsCheck(NamedTuple):
    """Weights beside a network.

    Attributes:
        name: of the weights.
        matching: which tensor goes where.
        difference: between the outputs of the network and of torchvision's model, as a share of the largest output;
            None where there is nothing to compare with.

    """

    name: str
    matching: Matching
    difference: float | None

    @property
    def holds(self) -> bool:
        """Whether all tensors are found, and the outputs are equal where they were compared."""
        return not self.matching.new and (self.difference is None or self.difference <= TOLERANCE)


def check_weights(network: Network, written: str) -> WeightsCheck:
    """Match weights with a network; those of torchvision must make it compute what torchvision's model computes.

    Raises:
        SpecError: for weights that cannot be read, or are another network's.

    """
    given = given_weights(written, network)
    module = build(network, device="cpu", seed=0).eval()
    matching = match(module, given.tensors)
    if given.published is None or matching.new:
        return WeightsCheck(given.name, matching, None)
    fill(module, given.tensors, matching)
    theirs = torchvision_model(written, network.source.name)
    vars(theirs).update(transform_input=False)  # GoogLeNet's and Inception's own normalisation
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((IMAGES, network.input.channels, *network.input.spatial), generator=generator)
    with torch.no_grad():
        ours, wanted = module(images), theirs(images)
    return WeightsCheck(given.name, matching, _difference(ours, wanted))


def _difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    if ours.shape != theirs.shape:
        return float("inf")
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-12))

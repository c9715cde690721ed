"""Networks of the zoo as modules and back: the same layers in the same order, and a second round the same text."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import Network

NETWORKS = (
    *("lenet5", "resnet18", "resnet34", "fpn_resnet50", "googlenet_paper", "fcn8s", "unet", "unet_3d", "unet_572"),
    *("yolov2", "segnet", "vnet", "res2net50", "squeezenet1_1", "shufflenet_v2_x0_5", "mtcnn_pnet", "eegnet"),
)

COMPUTE_NOTHING = ("identity", "flatten")
"""Layers that PyTorch does nothing for, on a vector or anywhere: nothing of them is left in a module."""


def layers(network: Network) -> list[tuple[object, ...]]:
    """Return what each layer makes and costs, of those that do something."""
    return [(n.layer.kind, n.output, n.params, n.macs) for n in network if n.layer.kind not in COMPUTE_NOTHING]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_module_is_the_spec_that_it_was_built_of(name: str) -> None:
    network = cnncalc.load(name)
    text = cnncalc.from_torch(cnncalc.build(network, device="meta"), tuple(network.input), prove=False)
    back = cnncalc.load(text)
    assert layers(back) == layers(network)
    assert cnncalc.from_torch(cnncalc.build(back, device="meta"), tuple(back.input), prove=False) == text

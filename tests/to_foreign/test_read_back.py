"""What is written for other tools is read back as a network that computes the same in PyTorch, whatever the layer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

import cnncalc
from cnncalc.layers import layers
from cnncalc.to_foreign import FORMATS

BEHIND = "relu"
"""Stands behind each example, since a network of nothing but an identity is none elsewhere."""

OPTIONS = (
    "8x8x4: conv 3x3x8 g2 p1",
    "9x9x4: conv 3x3x6 s2 same",
    "8x4: conv 3x6 p1",
    "4x4x4x2: conv 3x3x3x4 p1",
    "8x8x4: dwconv 3x3x8 p1 nobias",
    "8x8x4: deconv 3x3x6 s2 p1 op1",
    "8x8x4: gn 4 noaffine",
    "8x8x4: rmsnorm eps=0.001",
    "4x4x4x2: ln",
    "8x8x4: ln noaffine",
    "8x4: prelu perchannel",
    "1x1x6: prelu perchannel",
    "1x1x6: prelu",
    "8x8x4: avgpool 3x3 s2 p1 floor",
    "8x8x4: mul( | gap - conv 1x1x4 - sigmoid )",
    "8x8x4: conv 3x3x8 p1 nobias - bn - leakyrelu 0.1",
    "8x8x4: times 2 - plus 1",
    "8x8x4: flatten - fc 5",
    "1x1x6: fc 32 - relu - reshape 4x4x2 - deconv 2x2x3 s2",
    "8x4: reshape 16x2 - conv 3x3",
    "8x8x4: a: conv 1x1x6 - shuffle 3 - concat( | @a ) - slice 2:9",
)
"""Options that no example has, and layers that stand together."""


def examples() -> list[str]:
    """Return the examples of all layers, and further options."""
    return [*[example for layer in layers() for example in layer.examples], *OPTIONS]


def texts(form: str, network: cnncalc.Network) -> str:
    """Return what is written, as a command reads it again."""
    written = FORMATS[form](network).text()
    return json.dumps(json.loads(written), indent=1) if form == "tensorflowjs" else f"{written}\n"


def computed(network: cnncalc.Network, values: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return what the built module makes of these values, which are put into its tensors in their order."""
    module = cnncalc.build(network, seed=0).eval()
    for tensor, value in zip(tensors_of(module), values, strict=True):
        tensor.data = value.reshape(tensor.shape)
    seen = torch.randn(2, network.input.channels, *network.input.spatial, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = module(seen)
    return [made] if isinstance(made, torch.Tensor) else list(made)


def tensors_of(module: Any) -> list[torch.Tensor]:
    """Return the learned tensors and the statistics of a module, in order."""
    statistics = [tensor for name, tensor in module.named_buffers() if "running" in name]
    return [*module.parameters(), *statistics]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("example", examples())
def test_every_layer_comes_back_or_is_refused_by_its_name(example: str, form: str) -> None:
    """Volumes and parameters, and what PyTorch computes with the same numbers."""
    volume, _, text = example.partition(": ")
    network = cnncalc.load(f"{text} - {BEHIND}\n", input=volume)
    try:
        written = texts(form, network)
    except cnncalc.SpecError as error:
        assert error.code == "not-in-format"
        assert error.line == 1 or "reads images" in error.message  # Darknet takes nothing of other dimensions
        return
    back = cnncalc.load(written)
    assert (back.input, back.output, back.params) == (network.input, network.output, network.params)
    generator = torch.Generator().manual_seed(0)
    shapes = [tensor.shape for tensor in tensors_of(cnncalc.build(network))]
    values = [torch.rand(shape, generator=generator) + 0.5 for shape in shapes]
    for one, other in zip(computed(network, values), computed(back, values), strict=True):
        torch.testing.assert_close(other.reshape(one.shape), one)

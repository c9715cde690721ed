"""Every layer that is exported as ONNX comes back from the file as a network that computes the same, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.layers import layers

pytestmark = pytest.mark.slow

EXAMPLES = [
    *[example for layer in layers() for example in layer.examples],
    "8x8x64: gn 64",
    "8x8x4: rmsnorm eps=0.001",
    "4x4x4x2: ln noaffine",
    "8x8x4: deconv 3x3x6 s2 p1 op1",
    "4x4x4x2: grn",
    "8x8x4: mul( | gap - conv 1x1x4 - sigmoid )",
    "8x8x4: celu 0.5",
]

REFUSED = (
    "adaptiveavgpool 3x3",
    "adaptivemaxpool 3x3",
    "avgpool 3x3 s2 same nopad",
    "avgpool 3 s2 p0:1 ceil",
    "avgpool 4x3 s3 p1:0x0:1 ceil nopad",
    "upsample x2 linear",
)
"""What PyTorch's exporter cannot write, or writes as dozens of nodes, beside each `local` and `unpool`."""


def state_of(network: cnncalc.Network) -> dict[str, torch.Tensor]:
    """Return the tensors of the built module, those that training changes with other values than at the beginning."""
    module = cnncalc.build(network, seed=0)
    learned = {name for name, _ in module.named_parameters()}
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(value.shape, generator=generator) + 0.5 if name in learned or "running" in name else value
        for name, value in module.state_dict().items()
    }


def computed(network: cnncalc.Network, values: list[torch.Tensor]) -> torch.Tensor:
    """Return what the built module makes of these values, which are put into its tensors in their order."""
    module = cnncalc.build(network, seed=0).eval()
    state = {name: value for name, value in module.state_dict().items() if value.is_floating_point()}
    for tensor, value in zip(state.values(), values, strict=True):
        tensor.copy_(value.reshape(tensor.shape))
    seen = torch.randn(2, network.input.channels, *network.input.spatial, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made: torch.Tensor = module(seen)
    return made


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_layer_comes_back(example: str, tmp_path: Path) -> None:
    """Volumes and multiplications; and, where the file holds what is learned, PyTorch computes the same with it.

    Fixed kernels are weights in the file, and standardised ones are worked out.
    """
    pytest.importorskip("onnx")
    from cnncalc.model.export import onnx

    volume, _, text = example.partition(": ")
    network = cnncalc.load(f"{text} - tanh\n", input=volume)
    state = state_of(network)
    try:
        (tmp_path / "net.onnx").write_bytes(onnx(network, weights=state))
        read = cnncalc.load(tmp_path / "net.onnx")
    except cnncalc.SpecError as error:
        assert error.code in ("not-in-onnx", "cannot-import")
        assert text in REFUSED or any(word in text.split() for word in ("local", "unpool"))
        return
    assert (read.input, read.output) == (network.input, network.output)
    if "fixed" in text or "standardised" in text:
        return
    assert read.params == network.params
    values = [value for value in state.values() if value.is_floating_point()]
    torch.testing.assert_close(computed(read, values), computed(network, values), rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "volume", "back"),
    [
        ("padchannels 2", "8x4", "padchannels 2:2"),
        ("upsample x1.5", "4x4x4", "upsample x1.5x1.5"),
        ("upsample x2 bilinear aligncorners", "4x4x4", "upsample x2x2 bilinear aligncorners"),
        ("gn 2", "8x8x4", "gn 2"),
        ("gn 2 noaffine", "8x8x4", "gn 2 noaffine"),
        ("bn noaffine", "8x8x4", "bn eps=1e-5 momentum=0.1 noaffine"),
        ("bn noscale", "8x8x4", "bn eps=1e-5 momentum=0.1 noscale"),
        ("bn noshift", "8x8x4", "bn eps=1e-5 momentum=0.1 noshift"),
        ("deconv 2x2x6 s2", "8x8x4", "deconv 2x2x6 s2"),
        ("conv 3x3x6 p1", "8x8x4", "conv 3x3x6 p1"),
        ("leakyrelu", "8x8x4", "leakyrelu"),
        ("gap", "8x8x4", "gap"),
    ],
)
def test_how_a_layer_comes_back(text: str, volume: str, back: str, tmp_path: Path) -> None:
    """To the letter, before any training: biases that are 0 are there, and norms say whether they learn."""
    pytest.importorskip("onnx")
    from cnncalc.model.export import onnx

    network = cnncalc.load(text, input=volume)
    (tmp_path / "net.onnx").write_bytes(onnx(network, seed=0))
    read = cnncalc.load(tmp_path / "net.onnx")
    assert ([node.written for node in read.layers], read.output) == ([back], network.output)


def test_a_mean_behind_channels_that_lie_last_comes_back(tmp_path: Path) -> None:
    """As in ConvNeXt; of PyTorch's own pool there the exporter makes a look-up in a table."""
    pytest.importorskip("onnx")
    from cnncalc.model.export import onnx

    network = cnncalc.load("conv 3x3x8 p1 - ln - lrn 3 - gap - fc 5", input="8x8x4")
    (tmp_path / "net.onnx").write_bytes(onnx(network, seed=0))
    read = cnncalc.load(tmp_path / "net.onnx")
    assert (read.output, read.params, read.macs) == (network.output, network.params, network.macs)

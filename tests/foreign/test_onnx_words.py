"""Layers that PyTorch's exporter writes as one operator of ONNX come back from the file as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("text", "volume", "back"),
    [
        ("padchannels 0:4", "8x8x4", "padchannels 0:4"),
        ("padchannels 2", "8x4", "padchannels 2:2"),
        ("upsample x1.5", "4x4x4", "upsample x1.5x1.5"),
        ("upsample x2 bilinear aligncorners", "4x4x4", "upsample x2x2 bilinear aligncorners"),
    ],
)
def test_a_layer_comes_back(text: str, volume: str, back: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from cnncalc.model.export import onnx

    network = cnncalc.load(text, input=volume)
    (tmp_path / "net.onnx").write_bytes(onnx(network))
    read = cnncalc.load(tmp_path / "net.onnx")
    assert ([node.written for node in read.layers], read.output) == ([back], network.output)

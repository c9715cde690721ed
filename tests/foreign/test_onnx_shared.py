"""Tensors of an ONNX file that several nodes read are counted once: the parameters are the numbers that are stored."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from tests.foreign.test_onnx_older import node, saved

KERNEL = 4 * 4 * 3 * 3


def test_a_kernel_of_two_convolutions_is_counted_once(tmp_path: Path) -> None:
    """With another stride, too, as heads of detectors have a kernel for every scale."""
    nodes = [
        node("Conv", "x w b", "near", pads=[1, 1, 1, 1]),
        node("Relu", "near", "bent"),
        node("Conv", "bent w b", "y", pads=[1, 1, 1, 1], strides=[2, 2]),
    ]
    network = cnncalc.load(saved(tmp_path, nodes, {"w": (4, 4, 3, 3), "b": (4,)}))
    assert (network.params, str(network.output)) == (KERNEL + 4, "4x4x4")
    assert [each.written for each in network] == [
        "conv 3x3x4 p1 weights=shared1",
        "relu",
        "conv 3x3x4 s2 p1 weights=shared1",
    ]


def test_a_kernel_that_an_identity_hands_on_is_the_same(tmp_path: Path) -> None:
    """As PyTorch's older exporter writes a tensor that it has found twice."""
    nodes = [
        node("Identity", "w", "again"),
        node("Conv", "x w", "near", pads=[1, 1, 1, 1]),
        node("Conv", "near again", "y", pads=[1, 1, 1, 1]),
    ]
    assert cnncalc.load(saved(tmp_path, nodes, {"w": (4, 4, 3, 3)})).params == KERNEL


def test_a_shared_kernel_with_biases_of_their_own_stays_two_layers(tmp_path: Path) -> None:
    """A spec shares all weights of a layer or none."""
    nodes = [node("Conv", "x w b", "near"), node("Conv", "near w c", "y")]
    network = cnncalc.load(saved(tmp_path, nodes, {"w": (4, 4, 3, 3), "b": (4,), "c": (4,)}))
    assert network.params == 2 * (KERNEL + 4)


def test_norms_share_what_they_learn_behind_a_shared_kernel_alone(tmp_path: Path) -> None:
    """Elsewhere equal numbers may have been stored once because nothing has been trained yet."""
    norm = " g b m v"
    nodes = [
        node("Conv", "x w", "one", pads=[1, 1, 1, 1]),
        node("BatchNormalization", f"one{norm}", "two"),
        node("Conv", "two w", "three", pads=[1, 1, 1, 1]),
        node("BatchNormalization", f"three{norm}", "four"),
        node("Conv", "four u", "five", pads=[1, 1, 1, 1]),
        node("BatchNormalization", f"five{norm}", "y"),
    ]
    stored = {"w": (4, 4, 3, 3), "u": (4, 4, 3, 3), **dict.fromkeys("gbmv", (4,))}
    network = cnncalc.load(saved(tmp_path, nodes, stored))
    assert network.params == 2 * KERNEL + 2 * 4 + 2 * 4
    assert [each.written.partition(" weights=")[2] for each in network] == [*["shared1", "shared2"] * 2, "", ""]


@pytest.mark.slow
def test_shared_layers_of_a_spec_come_back_from_its_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    from cnncalc.model.export import onnx

    arm = "conv 3x3x8 weights=w - relu - fc 5 weights=v"
    network = cnncalc.load(f"input left 16x16x3\ninput right 16x16x3\nsub( @left - {arm} | @right - {arm} )\n")
    (tmp_path / "net.onnx").write_bytes(onnx(network, seed=0))
    read = cnncalc.load(tmp_path / "net.onnx")
    assert (read.params, read.macs, read.output) == (network.params, network.macs, network.output)
    assert read.params == (3 * 3 * 3 * 8 + 8) + (14 * 14 * 8 * 5 + 5)

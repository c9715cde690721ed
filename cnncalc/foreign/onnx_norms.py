"""Normalisations of ONNX as layers of a spec."""

from __future__ import annotations

from cnncalc.foreign.onnx_layouts import check_over_channels
from cnncalc.foreign.onnx_node import OnnxNode, decimal
from cnncalc.layers.written import left_out, of_float32, short


def batch_norm(node: OnnxNode) -> int:
    """Read a norm by the statistics of the images."""
    eps = decimal(node.attributes.get("epsilon", 1e-5))
    momentum = round(1 - node.attributes.get("momentum", 0.9), 7)
    moves = f"momentum={short(momentum)}" if momentum else "fixed"  # statistics that never move are given ones
    without = left_out(*_learned(node))
    return node.add(f"bn eps={eps} {moves} {without}".rstrip(), channels=next(iter(node.shape(1) or []), None))


def layer_norm(node: OnnxNode) -> int:
    """Read a norm over the channels at each position, which come last."""
    check_over_channels(node, node.attributes.get("axis", -1))
    scale, shift = _learned(node)
    without = "" if shift else " noshift" if scale else " noaffine"  # an `ln` with shifts has scales
    return node.add(f"ln{_eps(node, 1e-5, 1e-5)}{without}")


def rms_norm(node: OnnxNode) -> int:
    """Read a norm over the channels at each position that takes no mean away."""
    check_over_channels(node, node.attributes.get("axis", -1))
    return node.add(f"rmsnorm{_eps(node, 1e-5, 1e-6)}{'' if node.is_learned(1, 1) else ' noaffine'}")


def length_norm(node: OnnxNode) -> int:
    """Read a norm that gives the channels at each position the length 1."""
    if node.attributes.get("p", 2) != 2:
        node.refuse("it divides by a sum of magnitudes, and a spec has a norm by the root of a sum of squares")
    check_over_channels(node, node.attributes.get("axis", -1))
    return node.add(f"l2norm{_eps(node, 1e-12, 1e-12)}")


def response_norm(node: OnnxNode) -> int:
    """Read the norm of ConvNeXt v2, by the size of each channel."""
    return node.add(f"grn{_eps(node, 1e-6, 1e-6)}")


def group_norm(node: OnnxNode) -> int:
    """Read a norm over the positions and the channels of each group."""
    groups, stored = node.attributes.get("num_groups", 1), len(node.inputs) > 1
    learned = node.is_learned(1, 1) or (stored and node.attributes.get("affine", 0))
    return node.add(f"gn {groups}{_eps(node, 1e-5, 1e-5)}{'' if learned else ' noaffine'}")


def instance_norm(node: OnnxNode) -> int:
    """Read a norm over the positions of each channel."""
    return node.add(f"instancenorm{_eps(node, 1e-5, 1e-5)}{' affine' if node.is_learned(1, 1) else ''}")


def _learned(node: OnnxNode) -> tuple[bool, bool]:
    """Say whether a norm learns scales, and whether it learns shifts.

    Shifts of 0 beside scales may be learned ones before any training. So stored numbers are taken for what an exporter
    had to write only where the name of the others says that those alone are learned.
    """
    scale, shift = node.is_learned(1, 1), node.is_learned(2, 0)
    if scale != shift and node.is_stored(2 if scale else 1) and not node.has_learned_name(1 if scale else 2):
        return True, True
    return scale, shift


def _eps(node: OnnxNode, missing: float, usual: float) -> str:
    """Write the ε of a norm; ``missing`` is that of a node that says none, ``usual`` that of the layer."""
    eps = of_float32(node.attributes.get("epsilon", missing))
    return "" if eps == usual else f" eps={short(eps)}"

"""Which layers may share the box or the row of another layer."""

from __future__ import annotations

from cnncalc.network import Node

_QUIET = ("normalisation", "regularisation", "activation", "shape")


def is_quiet(node: Node) -> bool:
    """Say whether a layer may share the box of the layer in front of it: it multiplies nothing and keeps the volume."""
    return node.layer.role in _QUIET and not node.operation.macs and node.sources[0] == node.output


def leads(node: Node) -> bool:
    """Say whether a layer may share the box of the layer behind it: it normalises, activates or flattens."""
    return is_quiet(node) or node.layer.kind == "flatten"

"""Normalisations of Keras as layers of a spec."""

from __future__ import annotations

from cnncalc.foreign.draft import quoted
from cnncalc.foreign.keras_layer import KerasLayer
from cnncalc.foreign.literals import PlacedList
from cnncalc.layers.written import left_out, short


def batch_norm(layer: KerasLayer) -> list[str]:
    """Read a batch normalisation."""
    _check_axis(layer)
    scale, center = bool(layer.config.get("scale", True)), bool(layer.config.get("center", True))
    eps, momentum = layer.decimal("epsilon", 1e-3), 1 - layer.decimal("momentum", 0.99)
    settings = f" eps={short(eps)} momentum={short(round(momentum, 9))}"
    return [f"bn{settings} {left_out(scale, center)}".rstrip()]


def _check_axis(layer: KerasLayer) -> None:
    """Refuse a norm along other axes than that of the channels."""
    axis = layer.config.get("axis", -1)
    if not layer.is_of_channels(axis):
        (axis,) = axis if isinstance(axis, PlacedList) and len(axis) == 1 else (axis,)
        layer.refuse(f"it works along the axis {quoted(axis)}, which is not that of the channels")


def layer_norm(layer: KerasLayer) -> list[str]:
    """Read a norm over the channels of each position."""
    _check_axis(layer)
    scale, center = bool(layer.config.get("scale", True)), bool(layer.config.get("center", True))
    if center and not scale:
        layer.refuse("it has a shift alone; the `ln` of a spec has a scale, or neither")
    learned = "" if center else " noshift" if scale else " noaffine"
    return [f"ln eps={short(layer.decimal('epsilon', 1e-3))}{learned}"]


def rms_norm(layer: KerasLayer) -> list[str]:
    """Read a norm by the root of the mean square."""
    _check_axis(layer)
    return [f"rmsnorm eps={short(layer.decimal('epsilon', 1e-6))}"]


def unit_norm(layer: KerasLayer) -> list[str]:
    """Read a norm that gives the channels of each position the length 1."""
    _check_axis(layer)
    return ["l2norm"]


def group_norm(layer: KerasLayer) -> list[str]:
    """Read a norm over groups of channels; ``groups=-1`` has one for each."""
    _check_axis(layer)
    scale, center = bool(layer.config.get("scale", True)), bool(layer.config.get("center", True))
    if scale != center:
        layer.refuse("it has a scale or a shift alone; the `gn` of a spec has both or neither")
    groups = layer.number("groups", 32)
    eps = f" eps={short(layer.decimal('epsilon', 1e-3))}"
    if groups == -1:  # one for each channel
        return [f"instancenorm{eps}{' affine' if scale else ''}"]
    return [f"gn {groups}{eps}{'' if scale else ' noaffine'}"]

"""What a layer is in a picture: its kind, which gives its colour, and a caption of a few words."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import Layer
from cnncalc.network import Node

_KINDS = {
    **dict.fromkeys(("conv", "dwconv"), "conv"),
    **dict.fromkeys(("deconv", "upsample", "pixelshuffle"), "up"),
    **dict.fromkeys(
        ("pool", "minpool", "avgpool", "lppool", "adaptiveavgpool", "adaptivemaxpool", "gap", "gmp"), "pool"
    ),
    "fc": "fc",
    **dict.fromkeys(("bn", "instancenorm", "gn", "ln", "lrn"), "norm"),
    **dict.fromkeys(("dropout", "dropout2d", "droppath"), "norm"),
    **dict.fromkeys(("flatten", "shuffle", "slice", "scale", "pad", "crop"), "shape"),
    **dict.fromkeys(("add", "concat", "mul"), "merge"),
}

_SIGNS = {"add": "+", "mul": "×"}
"""What stands in the circle of a merge; another one is written out."""


def kind_of(layer: Layer) -> str:
    """Return the kind that gives a layer its colour; what is not listed is an activation."""
    return _KINDS.get(layer.kind, "act")


def sign_of(layer: Layer) -> str:
    """Return what stands in the circle of a merge."""
    return _SIGNS.get(layer.kind, layer.kind)


def is_quiet(node: Node) -> bool:
    """Say whether a layer may share the box of the layer in front of it: it multiplies nothing and keeps the volume."""
    quiet = kind_of(node.layer) in ("norm", "act", "shape")
    return quiet and not node.operation.macs and node.sources[0] == node.output


def leads(node: Node) -> bool:
    """Say whether a layer may share the box of the layer behind it: it normalises, activates or flattens."""
    return is_quiet(node) or node.layer.kind == "flatten"


def times(sizes: Sequence[int]) -> str:
    """Write sizes as a person does: ``3×3``, ``3×3×64``."""
    return "×".join(map(str, sizes))


def short(sizes: Sequence[int]) -> str:
    """Write one number for equal sizes: ``2`` for a stride of 2x2."""
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)


def title(node: Node) -> str:
    """Return what a layer is, in a few words: ``conv 3×3, 64``."""
    layer = node.layer
    kernel, _ = window(layer)
    channels = node.output.channels
    if layer.kind in ("conv", "deconv"):
        return f"{layer.kind} {times(kernel)}, {channels}"
    if layer.kind == "dwconv":
        return f"dwconv {times(kernel)}" + (f", {channels}" if channels != node.sources[0].channels else "")
    if kernel:
        return f"{_POOLS.get(layer.kind, layer.kind)} {times(kernel)}"
    if layer.kind == "fc":
        return f"fc {channels}"
    if layer.kind in _ADAPTIVE:
        return f"{_ADAPTIVE[layer.kind]} to {times(node.output.spatial)}"
    return node.written if len(node.written) < _LONGEST else layer.kind


_ADAPTIVE = {"adaptiveavgpool": "avg pool", "adaptivemaxpool": "max pool"}
_POOLS = {"pool": "max pool", "avgpool": "avg pool", "minpool": "min pool"}
_LONGEST = 24


def window(layer: Layer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the kernel and the stride of a layer that has a window; two empty tuples else."""
    windows = getattr(layer, "windows", None)
    if windows is not None:
        return tuple([w.kernel for w in windows]), tuple([w.stride for w in windows])
    if layer.kind == "deconv":
        return getattr(layer, "kernel", ()), getattr(layer, "stride", ())
    return (), ()


def options(node: Node) -> list[str]:
    """Return what else matters of a layer: its stride, groups and dilation, where they are not 1."""
    layer = node.layer
    _, stride = window(layer)
    found = [f"stride {short(stride)}"] if any(side != 1 for side in stride) else []
    if layer.kind in ("conv", "deconv") and getattr(layer, "groups", 1) > 1:
        found.append(f"{getattr(layer, 'groups', 1)} groups")
    dilation = [w.dilation for w in getattr(layer, "windows", ())]
    if layer.kind == "deconv":
        dilation = list(getattr(layer, "dilation", ()))
    if any(step != 1 for step in dilation):
        found.append(f"dilation {short(dilation)}")
    return found


def word(node: Node) -> str:
    """Return a layer in one word, for the list of what shares a box: ``relu``."""
    return node.written.split(" ", 1)[0]

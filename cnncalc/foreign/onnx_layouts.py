"""Operators of ONNX that only put the values of a volume in another order, and the orders that there are."""

from __future__ import annotations

from cnncalc.foreign.onnx_node import OnnxNode
from cnncalc.foreign.written_sizes import joined

FIRST, LAST = "channels first", "channels last"


def transpose(node: OnnxNode) -> int:
    """Read a change between channels first and last, and the middle of a channel shuffle."""
    order, rank, output = node.attributes.get("perm"), node.rank(), node.outputs[0]
    layout = node.layouts.get(node.inputs[0], FIRST)
    if isinstance(layout, int) and order == [0, 2, 1, *range(3, rank)]:
        node.layouts[output] = -layout  # the groups are mixed, and still apart
    elif layout == FIRST and order == [0, *range(2, rank), 1]:
        node.layouts[output] = LAST
    elif layout == LAST and order == [0, rank - 1, *range(1, rank - 1)]:
        node.layouts[output] = FIRST
    else:
        node.refuse("it puts dimensions in an order that no layer has")
    node.ranks[output] = rank
    return node.flowing()


def reshape(node: OnnxNode) -> int:
    """Read a stretching to a vector, a shuffle of channels, and values that become another volume."""
    sizes, made, output = node.numbers(1, "shape"), node.volumes.get(node.outputs[0]), node.outputs[0]
    wanted = [int(size) for size in sizes[1:]] if sizes and len(sizes) > 1 else None
    if wanted is None and made is not None:
        wanted = [made.channels, *made.spatial]
    layout, rank = node.layouts.get(node.inputs[0], FIRST), node.rank()
    if wanted is None or len(wanted) == 1:  # a shape that is computed is how a batch of any size is stretched
        node.ranks[output] = 2
        return node.add("flatten") if rank > 2 else node.flowing()
    node.ranks[output] = len(wanted) + 1
    if isinstance(layout, int) and layout < 0 and len(wanted) == rank - 2:
        node.layouts[output] = FIRST
        return node.add(f"shuffle {-layout}")
    if layout == FIRST and len(wanted) == rank and wanted[0] > 1:
        node.layouts[output] = wanted[0]
        return node.flowing()
    if layout != FIRST or min(wanted) < 1:
        node.refuse("the volume that it makes is not said")
    return node.add(f"reshape {joined([*wanted[1:], wanted[0]])}")


def matmul(node: OnnxNode) -> int:
    """Read a fully connected layer, or one at every position where the channels come last."""
    shape = node.shape(1)
    if shape is None or len(shape) != 2:
        node.refuse("it multiplies two volumes")
    if node.rank() == 2:
        return node.add(f"fc {shape[1]} nobias", values=shape[0])
    if node.layouts.get(node.inputs[0]) != LAST:
        node.refuse("it mixes the last dimension of a volume, which are not its channels")
    return node.add(f"conv {'1x' * (node.rank() - 2)}{shape[1]} nobias", channels=shape[0])


def softmax_axis(node: OnnxNode) -> bool:
    """Say whether the channels lie along the node's axis."""
    layout = node.layouts.get(node.inputs[0], FIRST)
    return bool(node.attributes.get("axis", -1) % node.rank() == (node.rank() - 1 if layout == LAST else 1))


def check_over_channels(node: OnnxNode, axis: int) -> None:
    """Refuse a node that works along another axis than that of the channels."""
    rank, last = node.rank(), node.layouts.get(node.inputs[0], FIRST) == LAST
    if axis % rank != (rank - 1 if last or rank == 2 else 1):
        node.refuse("it works along another axis than that of the channels")


def channel_convolution(node: OnnxNode) -> int:
    """Read a convolution along the channels, which keeps their number."""
    shape = node.shape(1) or []
    usual = all(set(node.wholes(name, [1])) == {1} for name in ("strides", "dilations"))
    if shape[:2] != [1, 1] or not usual or node.pads(1) != ((shape[2] // 2, (shape[2] - 1) // 2),):
        node.refuse("only one filter that keeps the number of the channels is read")
    return node.add(f"channelconv {shape[2]}{'' if len(node.inputs) > 2 else ' nobias'}")

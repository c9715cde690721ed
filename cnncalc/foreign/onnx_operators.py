"""Operators of ONNX as layers of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from cnncalc.foreign.draft import quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.onnx_activations import ACTIVATIONS
from cnncalc.foreign.onnx_layouts import LAST, channel_convolution, matmul, reshape, softmax_axis, transpose
from cnncalc.foreign.onnx_node import OnnxNode, decimal
from cnncalc.foreign.onnx_norms import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    length_norm,
    response_norm,
    rms_norm,
)
from cnncalc.foreign.written_sizes import joined, option
from cnncalc.layers.convolution import convolution_words
from cnncalc.layers.written import short, written


def _convolution(node: OnnxNode) -> int:
    shape = node.shape(1)
    if shape is None or len(shape) < 3 or min(shape) < 1:
        node.refuse("its weights are not stored with their shape")
    filters, columns, kernel = shape[0], shape[1], tuple(shape[2:])
    ones, groups = [1] * len(kernel), node.attributes.get("group", 1)
    bias = len(node.inputs) > 2 and bool(node.inputs[2])
    words = convolution_words(
        columns * groups,
        filters,
        kernel,
        groups,
        bias,
        node.wholes("strides", ones),
        node.pads(len(kernel)),
        node.wholes("dilations", ones),
    )
    text = written(words.word, words.tokens) + node.padding_word()
    return node.add(text, channels=columns * groups, parameters=prod(shape) + (filters if bias else 0))


def _transposed(node: OnnxNode) -> int:
    shape = node.shape(1)
    if shape is None or len(shape) < 3:
        node.refuse("its weights are not stored with their shape")
    groups, kernel = node.attributes.get("group", 1), shape[2:]
    ones, zeros = [1] * len(kernel), [0] * len(kernel)
    pads = node.pads(len(kernel))
    if any(before != after for before, after in pads) or node.padding_word() or "output_shape" in node.attributes:
        node.refuse("its padding differs between the sides")
    options = option("s", node.wholes("strides", ones), 1) + option("p", [before for before, _ in pads], 0)
    options += option("op", node.wholes("output_padding", zeros), 0) + option("d", node.wholes("dilations", ones), 1)
    options += (f" g{groups}" if groups > 1 else "") + ("" if len(node.inputs) > 2 else " nobias")
    return node.add(f"deconv {joined([*kernel, shape[1] * groups])}{options}", channels=shape[0])


def _pads_text(pads: Sequence[tuple[int, int]]) -> str:
    if all(before == after for before, after in pads):
        return option("p", [before for before, _ in pads], 0)
    return f" p{'x'.join(f'{before}:{after}' for before, after in pads)}"


def _pool(word: str) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        kernel = node.wholes("kernel_shape", node.attributes.get("kernel_shape", [1, 1]))
        ones = [1] * len(kernel)
        pads = node.pads(len(kernel))
        options = option("s", node.wholes("strides", ones), 0) + _pads_text(pads) + node.padding_word()
        options += option("d", node.wholes("dilations", ones), 1)
        options += " ceil" if node.attributes.get("ceil_mode") else ""
        if word == "avgpool" and any(map(any, pads)) and not node.attributes.get("count_include_pad"):
            options += " nopad"
        if word == "lppool":
            options += f" norm={decimal(node.attributes.get('p', 2))}"
        return node.add(f"{word} {joined(kernel)}{options}")

    return read


def _gemm(node: OnnxNode) -> int:
    shape = node.shape(1)
    if shape is None or len(shape) != 2 or node.attributes.get("transA"):
        node.refuse("it multiplies two volumes")
    inputs, outputs = shape[::-1] if node.attributes.get("transB") else shape
    bias = len(node.inputs) > 2 and bool(node.inputs[2])
    return node.add(f"fc {outputs}{'' if bias else ' nobias'}", values=inputs, parameters=outputs * (inputs + bias))


def _binary(merge: str, constant: str) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        flowing = [name for name in node.inputs if name in node.made]
        if len(flowing) == len(node.inputs):
            return node.draft.join(merge, [node.made[name] for name in flowing], node.span)
        (stored,) = [name for name in node.inputs if name not in node.made]
        shape, values = node.shapes.get(stored), node.values.get(stored)
        index = node.made[flowing[0]]
        last = node.draft.steps[index - 1] if index else None
        if merge == "add" and shape and last and last.layers[-1:] and last.layers[-1].endswith(" nobias"):
            return _with_bias(node, index, shape)
        if shape and prod(shape) == 1 and merge == "mul" and node.is_learned(node.inputs.index(stored), 1):
            return node.draft.add("scale one", node.span, [index])
        if values is not None and prod(shape or []) == 1 and constant:
            number = values[0] if node.kind in ("Add", "Mul") else -values[0] if node.kind == "Sub" else 1 / values[0]
            return node.draft.add(f"{constant} {decimal(number)}", node.span, [index])
        if merge == "mul" and shape and prod(shape) == max(shape) == _at_channels(node, flowing[0], shape):
            return node.draft.add("scale", node.span, [index])
        if merge == "add" and last and shape and _shifts(node, last.layers, flowing[0], shape):
            node.draft.amend(layers=(*last.layers[:-1], "dwconv 1x1"))
            return index
        node.refuse("it computes with a stored tensor")

    return read


def _shifts(node: OnnxNode, layers: Sequence[str], volume: str, shape: Sequence[int]) -> bool:
    """Say whether a stored tensor is a shift for each channel behind a factor for each, which nothing else reads."""
    is_alone = node.readers[volume] == 1 and node.made[volume] == node.draft.last
    return is_alone and layers[-1:] == ("scale",) and prod(shape) == max(shape) == _at_channels(node, volume, shape)


def _at_channels(node: OnnxNode, volume: str, shape: Sequence[int]) -> int:
    """Return the size of a stored tensor along the channels of a volume."""
    rank, last = node.ranks.get(volume, 4), node.layouts.get(volume) == LAST
    from_end = 1 if last else rank - 1
    return shape[-from_end] if len(shape) >= from_end else 0


def _with_bias(node: OnnxNode, index: int, shape: Sequence[int]) -> int:
    """Give a fully connected layer the bias that is added behind it."""
    layers = node.draft.steps[index - 1].layers
    if not layers[-1].endswith(f"{shape[-1]} nobias") or index != node.draft.last:
        node.refuse("it adds a stored tensor")
    node.draft.amend(layers=(*layers[:-1], layers[-1].removesuffix(" nobias")))
    return index


def _merge(merge: str) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        return node.draft.join(merge, [node.flowing(place) for place in range(len(node.inputs))], node.span)

    return read


def _concat(node: OnnxNode) -> int:
    axis = node.attributes.get("axis", 1)
    if axis % node.rank() != 1:
        node.refuse("only channels are concatenated, along axis 1")
    return _merge("concat")(node)


def _flatten(node: OnnxNode) -> int:
    if node.attributes.get("axis", 1) != 1:
        node.refuse("it stretches the images of a batch too")
    node.ranks[node.outputs[0]] = 2
    return node.add("flatten")


def _mean(word: str, over_channels: str) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        rank = node.rank()
        last = node.layouts.get(node.inputs[0]) == LAST
        axes = sorted(int(axis) % rank for axis in node.numbers(1, "axes") or [])
        if axes == [rank - 1 if last else 1]:
            return node.add(over_channels)
        if not word or axes != list(range(1, rank - 1) if last else range(2, rank)):
            node.refuse(f"only {'the axes of all positions, or ' if word else ''}the axis of the channels is read")
        if not node.attributes.get("keepdims", 1):
            node.ranks[node.outputs[0]] = 2
        return node.add(word)

    return read


def _pad(node: OnnxNode) -> int:
    pads = node.numbers(1, "pads") or []
    rank = node.rank()
    mode = node.attributes.get("mode", "constant")
    words = {"constant": "", "reflect": " reflect", "edge": " replicate", "wrap": " circular"}
    sides = [(int(pads[axis]), int(pads[axis + rank])) for axis in range(rank)] if len(pads) == 2 * rank else []
    if mode == "constant" and [axis for axis, pair in enumerate(sides) if any(pair)] == [1] and min(sides[1]) >= 0:
        return node.add(f"padchannels {sides[1][0]}:{sides[1][1]}")
    if not sides or any(map(any, sides[:2])) or mode not in words:
        node.refuse("only positions are padded, by numbers that are stored")
    if min(min(pair) for pair in sides) < 0:
        return _crop(node, sides[2:])
    if not any(map(any, sides)):
        return node.flowing()
    text = "x".join(f"{before}:{after}" for before, after in sides[2:])
    return node.add(f"pad {text}{words[mode]}")


def _crop(node: OnnxNode, sides: Sequence[tuple[int, int]]) -> int:
    """Read a negative padding."""
    if max(max(pair) for pair in sides) > 0:
        node.refuse("it adds positions on one side and takes them away on another")
    return node.add(f"crop {'x'.join(f'{-before}:{-after}' for before, after in sides)}")


def _resize(node: OnnxNode) -> int:
    scales = node.numbers(2 if node.kind == "Resize" else 1, "scales") or []
    linear = {3: " linear", 5: " trilinear"}.get(node.rank(), " bilinear")
    modes = {"nearest": "", "linear": linear, "cubic": " bicubic"}
    if (mode := modes.get(str(node.attributes.get("mode", "nearest")))) is None:
        node.refuse(f"its mode is {quoted(node.attributes['mode'])}")
    if mode and node.attributes.get("coordinate_transformation_mode") == "align_corners":
        mode += " aligncorners"
    if scales[:2] == [1, 1] and min(scales) >= 1:
        return node.add(f"upsample x{'x'.join(map(short, scales[2:]))}{mode}")
    sizes = (node.numbers(3, "sizes") or [])[2:]
    if not sizes or any(size != int(size) or size < 1 for size in sizes):
        node.refuse("only factors and sizes that are stored are read")
    source = DraftVolumes(node.draft).of(node.flowing())
    smaller = source is not None and any(new < old for new, old in zip(sizes, source.spatial, strict=False))
    written_sizes = joined([int(size) for size in sizes])
    size = f"size={written_sizes}" if len(sizes) == 1 else written_sizes
    return node.add(f"upsample {size}{mode}{' shrink' if smaller else ''}")


def _is_vector(node: OnnxNode) -> bool:
    """Say whether one position arrives; before version 13 of the operators, an axis not written is the second."""
    source = DraftVolumes(node.draft).of(node.flowing())
    return source is not None and max(source.spatial) == 1 and node.attributes.get("axis", 1) == 1


def _softmax(word: str) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        if word == "softmax" and node.rank() == 3 and node.attributes.get("axis", -1) in (-1, 2):
            return node.add("softmax over=positions")
        if not softmax_axis(node) and not _is_vector(node):
            node.refuse("it works along another axis than that of the channels")
        return node.add(word)

    return read


def _slice(node: OnnxNode) -> int:
    starts, ends, axes = (node.numbers(place, name) for place, name in ((1, "starts"), (2, "ends"), (3, "axes")))
    steps = node.numbers(4)
    single = all(numbers is not None and len(numbers) == 1 for numbers in (starts, ends, axes))
    if not single or axes[0] % node.rank() != 1 or (steps and (len(steps) > 1 or steps[0] < 1)):  # type: ignore[index]
        node.refuse("only a range of channels is cut out")
    step = f":{int(steps[0])}" if steps and steps != [1] else ""
    start, end = int(starts[0]), int(ends[0])  # type: ignore[index]
    stop = "{C}" if end > 10**9 else str(end) if end >= 0 else f"{{C - {-end}}}"
    return node.add(f"slice {start if start >= 0 else f'{{C - {-start}}}'}:{stop}{step}")


def _split(node: OnnxNode) -> int:
    sizes = node.numbers(1, "split")
    if node.attributes.get("axis", 0) % node.rank() != 1:
        node.refuse("only channels are split, along axis 1")
    count = len(node.outputs)
    index, start = node.flowing(), 0
    for place, name in enumerate(node.outputs):
        if sizes:
            stop = start + int(sizes[place])
            text, start = f"slice {start}:{stop}", stop
        else:
            text = f"slice {{{place}*C/{count}}}:{{{place + 1}*C/{count}}}"
        node.made[name] = node.draft.add(text, node.span, [index], name=name)
    return node.made[node.outputs[0]]


def _depth_to_space(node: OnnxNode) -> int:
    if node.attributes.get("mode", "DCR") != "CRD":
        node.refuse("it moves the values in another order (mode DCR)")
    return node.add(f"pixelshuffle {node.attributes.get('blocksize', 2)}")


def _lrn(node: OnnxNode) -> int:
    given = node.attributes
    numbers = [decimal(given.get(name, usual)) for name, usual in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))]
    return node.add(f"lrn {given.get('size', 5)} alpha={numbers[0]} beta={numbers[1]} k={numbers[2]}")


def _word(word: str) -> Callable[[OnnxNode], int]:
    return lambda node: node.add(word)


OPERATORS: Mapping[str, Callable[[OnnxNode], int]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "MaxPool": _pool("maxpool"),
    "MinPool": _pool("minpool"),
    "AveragePool": _pool("avgpool"),
    "LpPool": _pool("lppool"),
    "GlobalAveragePool": _word("gap"),
    "GlobalMaxPool": _word("gmp"),
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "RMSNormalization": rms_norm,
    "LpNormalization": length_norm,
    "GlobalResponseNorm": response_norm,
    "LRN": _lrn,
    "Gemm": _gemm,
    "MatMul": matmul,
    "Add": _binary("add", "plus"),
    "Sub": _binary("sub", "plus"),
    "Mul": _binary("mul", "times"),
    "Div": _binary("div", "times"),
    "Sum": _merge("add"),
    "Max": _merge("max"),
    "Mean": _merge("mean"),
    "Min": _merge("min"),
    "Concat": _concat,
    **ACTIVATIONS,
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("logsoftmax"),
    "SoftmaxOverGroups": lambda node: node.add(f"softmax groups={node.attributes['groups']}"),
    "SoftmaxOverPositions": _word("softmax over=positions"),
    "ChannelConv": channel_convolution,
    "Reshape": reshape,
    "Transpose": transpose,
    "LayerNormalization": layer_norm,
    "Flatten": _flatten,
    "ReduceMean": _mean("gap", "channelmean"),
    "ReduceMax": _mean("gmp", "channelmax"),
    "ReduceSum": _mean("", "channelsum"),
    "GroupSum": lambda node: node.add(f"groupsum {node.attributes['groups']}"),
    "GroupMax": lambda node: node.add(f"groupmax {node.attributes['groups']}"),
    "Maxout": lambda node: node.add(f"maxout {node.attributes['groups']}"),
    "PixelUnshuffle": lambda node: node.add(f"pixelunshuffle {node.attributes['factor']}"),
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "Slice": _slice,
    "Split": _split,
    "DepthToSpace": _depth_to_space,
}

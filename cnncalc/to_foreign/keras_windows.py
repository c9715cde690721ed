"""Convolutions and pools of Keras: their paddings, and the order of their weights."""

from __future__ import annotations

from typing import Any

from cnncalc.layers.window_words import keeping
from cnncalc.network import Node
from cnncalc.to_foreign.keras_model import KerasModel, Made, named, settings, short

Pairs = tuple[tuple[int, int], ...]


def convolution(model: KerasModel, node: Node, source: Made) -> Made:
    """``Conv2D``, and ``DepthwiseConv2D`` where each channel has filters of its own."""
    layer, volume = settings(node), node.sources[0]
    if layer.standard is not None:
        raise model.fault(node, f"{model.what} has no convolution that standardises its weights")
    source = model.with_positions(node, source)
    stride, dilation = layer.setting("stride"), layer.setting("dilation")
    if max(stride) > 1 and max(dilation) > 1:
        raise model.fault(node, f"{model.what} has no convolution with a stride and a dilation")
    source, padding = _padded(model, node, source, layer.needed_padding(volume))
    depthwise = layer.groups == volume.channels > 1 and volume.dimensions < 3
    config: dict[str, Any] = {} if depthwise else {"filters": layer.filters}
    config |= {"kernel_size": short(layer.setting("kernel"))} | _moves(stride, padding)
    config |= {"dilation_rate": short(dilation)} if max(dilation) > 1 else {}
    config |= {"depth_multiplier": layer.filters // layer.groups} if depthwise and layer.filters > layer.groups else {}
    config |= {"groups": layer.groups} if layer.groups > 1 and not depthwise else {}
    config |= {} if layer.bias else {"use_bias": False}
    last = tuple(range(2, volume.dimensions + 2))
    kernel = layer.setting("kernel")
    if depthwise:
        first = (layer.groups, layer.filters // layer.groups, *kernel)
        weight = model.weight(node, first=first, order=(*last, 0, 1))
    else:
        weight = model.weight(node, order=(*last, 1, 0))
    weights = [weight, *([model.weight(node, "bias")] if layer.bias else [])]
    return model.add(node, named("DepthwiseConv" if depthwise else "Conv", node), config, [source], weights)


def transposed(model: KerasModel, node: Node, source: Made) -> Made:
    """``Conv2DTranspose`` without padding, and what is too much cut off."""
    layer, volume = settings(node), node.sources[0]
    source = model.with_positions(node, source)
    if layer.groups > 1 or max(layer.dilation) > 1:
        raise model.fault(node, f"{model.what} has no transposed convolution with groups or a dilation")
    config: dict[str, Any] = {"filters": layer.filters, "kernel_size": short(layer.kernel)}
    config |= _moves(layer.stride, "valid") | ({} if layer.bias else {"use_bias": False})
    order = (*range(2, volume.dimensions + 2), 1, 0)
    weights = [model.weight(node, order=order), *([model.weight(node, "bias")] if layer.bias else [])]
    made = model.add(node, f"Conv{volume.dimensions}DTranspose", config, [source], weights)
    cells = zip(volume.spatial, layer.stride, layer.kernel, layer.padding, node.output.spatial, strict=True)
    cut = tuple([(p, (size - 1) * s + max(k, s) - p - out) for size, s, k, p, out in cells])
    if any(after < 0 for _, after in cut):
        raise model.fault(node, f"{model.what} has no output padding that is larger than the padding")
    return cropped(model, node, made, cut, suffix="crop")


def max_pool(model: KerasModel, node: Node, source: Made) -> Made:
    """``MaxPooling2D``; other paddings than Keras' own are zeros, which is the same where no value is negative."""
    layer = settings(node)
    source = model.with_positions(node, source)
    if max(layer.setting("dilation")) > 1:
        raise model.fault(node, f"{model.what} has no pool with a dilation")
    pads = layer.needed_padding(node.sources[0])
    if not source.never_negative and any(map(any, pads)) and not _is_same(node, pads):
        hints = ["put a relu in front of it, or leave out the padding"]
        raise model.fault(node, f"{model.what} pads a max pool with zeros, and its input may be negative", *hints)
    source, padding = _padded(model, node, source, pads)
    return _pool(model, node, "MaxPooling", source, padding)


def average_pool(model: KerasModel, node: Node, source: Made) -> Made:
    """``AveragePooling2D``, whose own padding is not counted; zeros in front of it are."""
    layer = settings(node)
    source = model.with_positions(node, source)
    pads = layer.needed_padding(node.sources[0])
    written = tuple([(window.before, window.after) for window in layer.windows])
    padded = any(map(any, written))
    if any(map(any, pads)) and (pads != written or not layer.count_padding):
        one_sided = any(before != after for before, after in pads)  # Keras on PyTorch counts what it pads there
        if one_sided or not _is_same(node, pads) or (padded and layer.count_padding):
            raise model.fault(node, f"{model.what} has no average over part of a window with this padding")
        return _pool(model, node, "AveragePooling", source, "same")
    if padded:
        source = zeros(model, node, source, pads, suffix="pad")
    return _pool(model, node, "AveragePooling", source, "valid")


def _pool(model: KerasModel, node: Node, kind: str, source: Made, padding: str) -> Made:
    kernel, stride = settings(node).setting("kernel"), settings(node).setting("stride")
    config = {"pool_size": short(kernel)} | ({"strides": short(stride)} if stride != kernel else {})
    config |= {"padding": padding} if padding != "valid" else {}
    return model.add(node, named(kind, node), config, [source])


def adaptive(kind: str) -> Any:
    """Return the function for a pool to a size: over all positions, or by windows that are all alike."""

    def write(model: KerasModel, node: Node, source: Made) -> Made:
        volume, size = node.sources[0], settings(node).size
        if source.flat:
            return source
        if max(size) == 1:
            return model.add(node, named(f"Global{kind}Pooling", node), {}, [source], flat=True)
        if size == volume.spatial:
            return source
        if any(arrives % leaves for arrives, leaves in zip(volume.spatial, size, strict=True)):
            message = f"{model.what} has no pool of {volume} to {'x'.join(map(str, size))}, whose windows differ"
            raise model.fault(node, message)
        window = tuple([arrives // leaves for arrives, leaves in zip(volume.spatial, size, strict=True)])
        return model.add(node, named(f"{kind}Pooling", node), {"pool_size": short(window)}, [source])

    return write


def zeros(model: KerasModel, node: Node, source: Made, pads: Pairs, *, suffix: str = "") -> Made:
    """``ZeroPadding2D``"""
    config = {"padding": _sides(pads)}
    made = model.add(node, named("ZeroPadding", node), config, [source], suffix=suffix)
    return made._replace(never_negative=source.never_negative)


def cropped(model: KerasModel, node: Node, source: Made, cut: Pairs, *, suffix: str = "") -> Made:
    """``Cropping2D``, where there is something to crop."""
    if not any(map(any, cut)):
        return source
    return model.add(node, named("Cropping", node), {"cropping": _sides(cut)}, [source], suffix=suffix)


def _padded(model: KerasModel, node: Node, source: Made, pads: Pairs) -> tuple[Made, str]:
    """Return what a window reads, and the padding that Keras does itself."""
    if not any(map(any, pads)):
        return source, "valid"
    if _is_same(node, pads):
        return source, "same"
    return zeros(model, node, source, pads, suffix="pad"), "valid"


def _is_same(node: Node, pads: Pairs) -> bool:
    """Say whether Keras' padding ``same`` pads so: as much as keeps the size, the odd value behind."""
    cells = zip(settings(node).windows, node.sources[0].spatial, node.output.spatial, pads, strict=True)
    return all(
        pad == keeping(window.kernel, window.stride, window.dilation, size) and out == -(-size // window.stride)
        for window, size, out, pad in cells
    )


def _moves(stride: tuple[int, ...], padding: str) -> dict[str, Any]:
    strides = {"strides": short(stride)} if max(stride) > 1 else {}
    return strides | ({"padding": padding} if padding != "valid" else {})


def _sides(pads: Pairs) -> Any:
    """Return paddings as Keras takes them: one number, one pair, or a pair for each dimension."""
    if len({size for pair in pads for size in pair}) == 1:
        return pads[0][0]
    return pads if len(pads) > 1 else pads[0]

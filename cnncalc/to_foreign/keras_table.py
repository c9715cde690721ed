"""What each layer of a spec is in Keras, by its kind: the table that this format owns."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.network import Node
from cnncalc.to_foreign.keras_model import KerasModel, Made, named, settings
from cnncalc.to_foreign.keras_windows import adaptive, average_pool, convolution, cropped, max_pool, transposed, zeros

Write = Callable[..., Made]


def fully_connected(model: KerasModel, node: Node, source: Made) -> Made:
    """``Dense``; a volume is flattened in the order of Keras, and the weights stand in that order too."""
    layer, volume = settings(node), node.sources[0]
    order: dict[str, Any] = {"order": (1, 0)}
    if not source.flat:
        source = model.add(node, "Flatten", {}, [source], suffix="flatten", flat=True)
        if prod(volume.spatial) > 1:
            dimensions = volume.dimensions
            order = {
                "first": (layer.outputs, volume.channels, *volume.spatial),
                "order": (*range(2, dimensions + 2), 1, 0),
                "last": (volume.values, layer.outputs),
            }
    config = {"units": layer.outputs} | ({} if layer.bias else {"use_bias": False})
    weights = [model.weight(node, **order), *([model.weight(node, "bias")] if layer.bias else [])]
    return model.add(node, "Dense", config, [source], weights, flat=True)


def flatten(model: KerasModel, node: Node, source: Made, suffix: str = "") -> Made:
    """``Flatten`` in PyTorch's order, which has all positions of the first channel in front."""
    volume = node.sources[0]
    if source.flat:
        return source
    if prod(volume.spatial) > 1 and volume.channels > 1:
        last = volume.dimensions + 1
        source = model.add(node, "Permute", {"dims": (last, *range(1, last))}, [source], suffix="permute")
    return model.add(node, "Flatten", {}, [source], suffix=suffix, flat=True)


def reshape(model: KerasModel, node: Node, source: Made) -> Made:
    """``Reshape`` in PyTorch's order: a volume with its channels in front, which are then brought to the end."""
    volume = node.output
    if prod(volume.spatial) == 1:
        return flatten(model, node, source)
    source = flatten(model, node, source, "flatten")
    if volume.channels == 1:
        return model.add(node, "Reshape", {"target_shape": tuple(volume)}, [source])
    made = model.add(node, "Reshape", {"target_shape": (volume.channels, *volume.spatial)}, [source], suffix="first")
    return model.add(node, "Permute", {"dims": (*range(2, volume.dimensions + 2), 1)}, [made])


def activation(name: str) -> Write:
    """Return the function for an activation that Keras knows by a name."""

    def write(model: KerasModel, node: Node, source: Made) -> Made:
        slope = getattr(settings(node), "slope", None)
        if slope not in (None, 1.0):
            raise model.fault(node, f"{model.what} has no {node.layer.kind} with a number of its own")
        return model.add(node, "Activation", {"activation": name}, [source], flat=source.flat)

    return write


def softmax(name: str) -> Write:
    """Return the function for a softmax over the channels."""

    def write(model: KerasModel, node: Node, source: Made) -> Made:
        if getattr(settings(node), "groups", 0) or getattr(settings(node), "over_positions", False):
            raise model.fault(node, f"{model.what} has a {node.layer.kind} over all channels alone")
        return model.add(node, "Activation", {"activation": name}, [source], flat=source.flat)

    return write


def elu(model: KerasModel, node: Node, source: Made) -> Made:
    """``ELU``"""
    config = {} if settings(node).slope == 1.0 else {"alpha": settings(node).slope}
    return model.add(node, "ELU", config, [source], flat=source.flat)


def leaky_relu(model: KerasModel, node: Node, source: Made) -> Made:
    """``LeakyReLU``, whose own slope is another one than PyTorch's."""
    return model.add(node, "LeakyReLU", {"negative_slope": settings(node).slope}, [source], flat=source.flat)


def prelu(model: KerasModel, node: Node, source: Made) -> Made:
    """``PReLU`` with one slope for all positions, or for everything."""
    dimensions = 0 if source.flat else node.sources[0].dimensions
    own = settings(node).per_channel
    axes = tuple(range(1, dimensions + (1 if own else 2)))
    shape = (*(1 for _ in range(dimensions)), node.sources[0].channels if own else 1)
    config = {"shared_axes": axes} if axes else {}
    return model.add(node, "PReLU", config, [source], [model.weight(node, last=shape)], flat=source.flat)


def batch_norm(model: KerasModel, node: Node, source: Made) -> Made:
    """``BatchNormalization``; Keras' momentum is the share that stays, PyTorch's the one that comes."""
    layer = settings(node)
    config = {"momentum": round(1 - layer.momentum, 10), "epsilon": layer.eps}
    config |= ({} if layer.shift else {"center": False}) | ({} if layer.scale else {"scale": False})
    learned = (["weight"] if layer.scale else []) + (["bias"] if layer.shift else [])
    weights = [model.weight(node, name) for name in (*learned, "running_mean", "running_var")]
    return model.add(node, "BatchNormalization", config, [source], weights, flat=source.flat)


def layer_norm(model: KerasModel, node: Node, source: Made) -> Made:
    """``LayerNormalization`` over the channels of each position."""
    layer = settings(node)
    config = {"epsilon": layer.eps}
    config |= {} if layer.affine and layer.shift else {"center": False} | ({} if layer.affine else {"scale": False})
    learned = (["weight"] if layer.affine else []) + (["bias"] if layer.affine and layer.shift else [])
    weights = [model.weight(node, name) for name in learned]
    return model.add(node, "LayerNormalization", config, [source], weights, flat=source.flat)


def rms_norm(model: KerasModel, node: Node, source: Made) -> Made:
    """``RMSNormalization`` over the channels of each position, which always learns a scale."""
    layer = settings(node)
    if not layer.affine:
        raise model.fault(node, f"{model.what} has an RMS norm with a learned scale only")
    return model.add(node, "RMSNormalization", {"epsilon": layer.eps}, [source], [model.weight(node)], flat=source.flat)


def group_norm(model: KerasModel, node: Node, source: Made) -> Made:
    """``GroupNormalization``; with a group for each channel it is an instance norm."""
    layer = settings(node)
    source = model.with_positions(node, source)
    config = {"groups": getattr(layer, "groups", node.sources[0].channels), "epsilon": layer.eps}
    config |= {} if layer.affine else {"center": False, "scale": False}
    weights = [model.weight(node, name) for name in ("weight", "bias")] if layer.affine else []
    return model.add(node, "GroupNormalization", config, [source], weights)


def dropout(model: KerasModel, node: Node, source: Made) -> Made:
    """``Dropout``, of single values, of channels or (``droppath``) of whole images."""
    layer = settings(node)
    if layer.kind == "dropout2d" and not source.flat and node.sources[0].dimensions == 2:
        return model.add(node, "SpatialDropout2D", {"rate": layer.rate}, [source])
    config: dict[str, Any] = {"rate": layer.rate}
    if layer.kind == "droppath":
        ones = 1 if source.flat else node.sources[0].dimensions + 1
        config["noise_shape"] = (None, *(1 for _ in range(ones)))
    return model.add(node, "Dropout", config, [source], flat=source.flat)


def same(model: KerasModel, node: Node, source: Made) -> Made:
    """Nothing: the volume goes on."""
    return source


def padding(model: KerasModel, node: Node, source: Made) -> Made:
    """``ZeroPadding2D``"""
    if settings(node).mode not in ("constant", "zeros", ""):
        raise model.fault(node, f"{model.what} pads with zeros alone")
    return zeros(model, node, model.with_positions(node, source), settings(node).sides)


def cropping(model: KerasModel, node: Node, source: Made) -> Made:
    """``Cropping2D``"""
    return cropped(model, node, model.with_positions(node, source), settings(node).sides)


def upsampling(model: KerasModel, node: Node, source: Made) -> Made:
    """``UpSampling2D``"""
    layer = settings(node)
    source = model.with_positions(node, source)
    factors = tuple([new // old for new, old in zip(node.output.spatial, node.sources[0].spatial, strict=True)])
    whole = tuple([old * by for old, by in zip(node.sources[0].spatial, factors, strict=True)]) == node.output.spatial
    if not whole or layer.mode not in ("nearest", "bilinear") or getattr(layer, "align_corners", False):
        raise model.fault(node, f"{model.what} enlarges by whole factors, nearest or bilinear")
    config: dict[str, Any] = {"size": factors[0] if len(factors) == 1 else factors}
    config |= {} if layer.mode == "nearest" else {"interpolation": layer.mode}
    return model.add(node, named("UpSampling", node), config, [source])


def scale(model: KerasModel, node: Node, source: Made) -> Made:
    """A depthwise convolution with a kernel of 1, which is a learned factor for each channel."""
    source = model.with_positions(node, source)
    dimensions, channels = node.sources[0].dimensions, node.sources[0].channels
    if settings(node).one or dimensions > 2:
        raise model.fault(node, f"{model.what} has no layer for a learned factor of all channels, or of volumes in 3-D")
    weight = model.weight(node, last=(*(1 for _ in range(dimensions)), channels, 1))
    config = {"kernel_size": 1, "use_bias": False}
    return model.add(node, named("DepthwiseConv", node), config, [source], [weight])


def constant(name: str) -> Write:
    """Return the function for a constant factor, or a constant that is added: ``Rescaling``."""

    def write(model: KerasModel, node: Node, source: Made) -> Made:
        number = settings(node).number
        config = {"scale": number} if name == "scale" else {"scale": 1.0, "offset": number}
        return model.add(node, "Rescaling", config, [source], flat=source.flat)

    return write


def shuffle(model: KerasModel, node: Node, source: Made) -> Made:
    """The channels as a table of groups, which is turned over."""
    source = model.with_positions(node, source)
    volume, groups = node.sources[0], settings(node).groups
    last = volume.dimensions + 1
    table = {"target_shape": (*volume.spatial, groups, volume.channels // groups)}
    made = model.add(node, "Reshape", table, [source], suffix="split")
    turned = model.add(node, "Permute", {"dims": (*range(1, last), last + 1, last)}, [made], suffix="turn")
    return model.add(node, "Reshape", {"target_shape": tuple(volume)}, [turned])


def channel_slice(model: KerasModel, node: Node, source: Made) -> Made:
    """Channels are brought to the front, cropped as if they were rows, and brought back."""
    source = model.with_positions(node, source)
    volume, layer = node.sources[0], settings(node)
    if volume.dimensions != 2 or getattr(layer, "step", 1) != 1:
        raise model.fault(node, f"{model.what} slices the channels of images, and no step")
    made = model.add(node, "Permute", {"dims": (3, 1, 2)}, [source], suffix="to_front")
    cut = ((layer.start, volume.channels - layer.stop), (0, 0))
    made = model.add(node, "Cropping2D", {"cropping": cut}, [made], suffix="cut")
    return model.add(node, "Permute", {"dims": (2, 3, 1)}, [made])


def merge(kind: str, most: int | None = None) -> Write:
    """Return the function for a merge."""

    def write(model: KerasModel, node: Node, *sources: Made) -> Made:
        if most is not None and len(sources) > most:
            raise model.fault(node, f"{model.what} has {kind} for {most} volumes alone")
        flat = all(source.flat for source in sources)
        if flat:
            return model.add(node, kind, {}, sources, flat=True)
        shapes = [tuple(volume) for volume in node.sources]
        given = [
            model.add(node, "Reshape", {"target_shape": shape}, [source], suffix="reshape") if source.flat else source
            for source, shape in zip(sources, shapes, strict=True)
        ]
        return model.add(node, kind, {}, given)

    return write


KERAS: dict[str, Write] = {
    "conv": convolution,
    "dwconv": convolution,
    "deconv": transposed,
    "pool": max_pool,
    "avgpool": average_pool,
    "adaptiveavgpool": adaptive("Average"),
    "adaptivemaxpool": adaptive("Max"),
    "gap": adaptive("Average"),
    "gmp": adaptive("Max"),
    "fc": fully_connected,
    "flatten": flatten,
    "reshape": reshape,
    **{name: activation(name) for name in ("relu", "relu6", "selu", "gelu", "mish", "sigmoid", "tanh", "softplus")},
    **{name: activation(name) for name in ("softsign", "celu", "silu")},
    "swish": activation("silu"),
    "hardswish": activation("hard_silu"),
    "hardsigmoid": activation("hard_sigmoid"),
    "hardtanh": activation("hard_tanh"),
    "elu": elu,
    "leakyrelu": leaky_relu,
    "prelu": prelu,
    "softmax": softmax("softmax"),
    "logsoftmax": softmax("log_softmax"),
    "identity": same,
    "bn": batch_norm,
    "ln": layer_norm,
    "rmsnorm": rms_norm,
    "gn": group_norm,
    "instancenorm": group_norm,
    **dict.fromkeys(("dropout", "dropout2d", "droppath"), dropout),
    "pad": padding,
    "crop": cropping,
    "upsample": upsampling,
    "scale": scale,
    "times": constant("scale"),
    "plus": constant("offset"),
    "shuffle": shuffle,
    "slice": channel_slice,
    "add": merge("Add"),
    "mul": merge("Multiply"),
    "concat": merge("Concatenate"),
    "max": merge("Maximum"),
    "min": merge("Minimum"),
    "mean": merge("Average"),
    "sub": merge("Subtract", most=2),
}
"""How Keras says each layer, by its kind; what is not here has no layer there."""

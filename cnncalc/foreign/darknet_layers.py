"""Layers of Darknet, from the settings of their sections to the words of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.core.words import did_you_mean
from cnncalc.foreign.darknet_sections import Section
from cnncalc.foreign.draft import quoted
from cnncalc.foreign.written_sizes import option
from cnncalc.layers.written import short

_ACTIVATIONS = {
    "linear": "",
    "leaky": "leakyrelu 0.1",
    "logistic": "sigmoid",
    "relu": "relu",
    "relu6": "relu6",
    "tanh": "tanh",
    "mish": "mish",
    "swish": "swish",
    "elu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "hardtan": "hardtanh",
    "relie": "leakyrelu 0.01",
    "ramp": "leakyrelu 0.0909090909 - times 1.1",
    "loggy": "times 0.5 - tanh",
    "normalize_channels_softmax": "softmax",
}


def activation(section: Section, usual: str) -> list[str]:
    """Return the activation of a section, as no layer or one."""
    name = section.text("activation", usual)
    if name not in _ACTIVATIONS:
        section.refuse(f"a spec has no word for the activation {quoted(name)}", did_you_mean(name, _ACTIVATIONS))
    return _ACTIVATIONS[name].split(" - ") if _ACTIVATIONS[name] else []


def _strides(section: Section, usual: int) -> tuple[int, int]:
    stride = section.number("stride", usual, least=1)
    return section.number("stride_y", stride, least=1), section.number("stride_x", stride, least=1)


def _convolution(section: Section) -> list[str]:
    size, filters, groups = (section.number(name, 1, least=1) for name in ("size", "filters", "groups"))
    if any(section.number(name, 0) for name in ("deform", "sway", "rotate", "stretch", "stretch_sway")):
        section.refuse("a convolution whose kernels are deformed is not read")
    normalised = bool(section.number("batch_normalize", 0))
    dilation = section.number("dilation", 1, least=1)
    pad = size // 2 if section.number("pad", 0) else section.number("padding", 0, least=0)
    strides, blur = _strides(section, 1), section.number("antialiasing", 0)
    options = option("s", (1, 1) if blur else strides, 1) + option("p", (pad * dilation,) * 2, 0)
    options += (f" d{dilation}" if dilation > 1 else "") + (f" g{groups}" if groups > 1 else "")
    options += " nobias" if normalised else ""
    layer = f"conv {size}x{size}x{filters}{options}"
    return [layer, "bn" if normalised else "", *activation(section, "logistic"), _blur(blur, strides)]


def _blur(kind: int, strides: tuple[int, int]) -> str:
    """Return the filter behind a layer whose stride it takes over (`antialiasing`); "" for none."""
    size = 2 if kind == 2 else 3
    return f"dwconv {size}x{size}{option('s', strides, 1)} p{size // 2} nobias fixed kernel=binomial" if kind else ""


def _local(section: Section) -> list[str]:
    size, filters = (section.number(name, 1, least=1) for name in ("size", "filters"))
    pad = size // 2 if section.number("pad", 0) else 0
    options = option("s", _strides(section, 1), 1) + option("p", (pad, pad), 0)
    return [f"local {size}x{size}x{filters}{options}", *activation(section, "logistic")]


def _deconvolution(section: Section) -> list[str]:
    size, filters = (section.number(name, 1, least=1) for name in ("size", "filters"))
    normalised = bool(section.number("batch_normalize", 0))
    pad = size // 2 if section.number("pad", 0) else section.number("padding", 0, least=0)
    options = option("s", _strides(section, 1), 1) + option("p", (pad, pad), 0) + (" nobias" if normalised else "")
    return [f"deconv {size}x{size}x{filters}{options}", "bn" if normalised else "", *activation(section, "logistic")]


def _max_pool(section: Section) -> list[str]:
    strides = _strides(section, 1)
    size = section.number("size", strides[0], least=1)
    padding = section.number("padding", size - 1, least=0)
    if section.number("maxpool_depth", 0):
        section.refuse("a pool over channels is not read")
    if blur := section.number("antialiasing", 0):
        return [*_pool("maxpool", size, (1, 1), padding), _blur(blur, strides)]
    return _pool("maxpool", size, strides, padding)


def _local_average(section: Section) -> list[str]:
    strides = _strides(section, 1)
    size = section.number("size", strides[0], least=1)
    pools = _pool("avgpool", size, strides, section.number("padding", size - 1, least=0))
    return [pool + " nopad" if " same" in pool or " p" in pool else pool for pool in pools]


def _pool(word: str, size: int, strides: tuple[int, int], padding: int) -> list[str]:
    """Return a pool with Darknet's padding, of which the larger half stands behind."""
    pool = f"{word} {size}x{size} s{strides[0]}" + (f"x{strides[1]}" if strides[0] != strides[1] else "")
    if padding == size - 1 and (size == 2 or strides == (1, 1)):
        return [pool + (" same" if size > 1 else "")]
    before = padding // 2
    after = padding - before
    return [pool + (f" p{before}" if before == after else f" p{before}:{after}") if padding else pool]


def _connected(section: Section) -> list[str]:
    normalised = bool(section.number("batch_normalize", 0))
    outputs = section.number("output", 1, least=1)
    return [
        f"fc {outputs}{' nobias' if normalised else ''}",
        "bn" if normalised else "",
        *activation(section, "logistic"),
    ]


def _crop(section: Section) -> list[str]:
    sides = []
    for letter, name in (("H", "crop_height"), ("W", "crop_width")):
        size = section.number(name, 1, least=1)
        sides.append(f"{{({letter} - {size})//2}}:{{{letter} - {size} - ({letter} - {size})//2}}")
    return [f"crop {'x'.join(sides)}"]


def _reorganised(section: Section) -> list[str]:
    if section.number("reverse", 0):
        section.refuse("a [reorg] in reverse is not read")
    return [f"pixelunshuffle {section.number('stride', 1, least=1)}"]


def _normalisation(section: Section) -> list[str]:
    size, alpha = section.number("size", 5, least=1), short(section.decimal("alpha", 0.0001))
    beta, k = short(section.decimal("beta", 0.75)), short(section.decimal("kappa", 1.0))
    return [f"lrn {size} alpha={alpha} beta={beta} k={k}"]


def is_over_parts(section: Section) -> bool:
    """Say whether a section is a softmax over several parts of the channels."""
    return section.name in ("softmax", "soft") and (section.has("tree") or section.number("groups", 1) > 1)


LAYERS: Mapping[str, Callable[[Section], list[str]]] = {
    "convolutional": _convolution,
    "conv": _convolution,
    "deconvolutional": _deconvolution,
    "deconv": _deconvolution,
    "local": _local,
    "maxpool": _max_pool,
    "max": _max_pool,
    "local_avgpool": _local_average,
    "local_avg": _local_average,
    "avgpool": lambda section: ["gap"],
    "avg": lambda section: ["gap"],
    "connected": _connected,
    "conn": _connected,
    "dropout": lambda section: [f"dropout {short(section.decimal('probability', 0.5))}"],
    "upsample": lambda section: [f"upsample x{section.number('stride', 2, least=1)}"],
    "reorg": _reorganised,
    "reorg3d": _reorganised,
    "crop": _crop,
    "normalization": _normalisation,
    "lrn": _normalisation,
    "batchnorm": lambda section: ["bn"],
    "activation": lambda section: activation(section, "linear"),
    "logistic": lambda section: ["sigmoid"],
    "softmax": lambda section: ["softmax"],
    "soft": lambda section: ["softmax"],
}

"""Random layers and networks, each as a spec's text and as a PyTorch module.

Both are derived from the same drawn numbers, and neither from the package under test: the text is put
together from words, the module is made with ``torch.nn``, and what is true of it is measured on the meta
device. Shapes are PyTorch's, without the batch: (channels, height, width).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import StochasticDepth

from tests.oracle import second_edition
from tests.oracle.drawing import Build, Does, Draw, Drawn, Shape, divisors, joined, nd, volume

BATCH = 2
"""Images that modules are run on: a norm over a single value is refused by PyTorch."""


class Measured(NamedTuple):
    """What PyTorch says of a module: the output volume (channels last), parameters and multiplications."""

    output: tuple[int, ...]
    weights: int
    biases: int
    macs: float


def measure(build: Build, shape: Shape) -> Measured:
    """Run a new module on the meta device and count; half of PyTorch's flops are multiplications."""
    with FlopCounterMode(display=False) as counter:
        module, result = _run(build, shape)
    biases = sum(p.numel() for name, p in module.named_parameters() if name.split(".")[-1] == "bias")
    weights = sum(p.numel() for p in module.parameters()) - biases
    return Measured(volume(result.shape[1:]), weights, biases, counter.get_total_flops() / 2 / BATCH)


def output_shape(build: Build, shape: Shape) -> Shape:
    """Return the shape that a module makes."""
    return tuple(_run(build, shape)[1].shape[1:])


def _run(build: Build, shape: Shape) -> tuple[nn.Module, torch.Tensor]:
    with torch.no_grad(), torch.device("meta"):  # no value is ever computed, not even a first weight
        module = build().eval()
        return module, module(torch.empty((BATCH, *shape)))


@st.composite
def shapes(draw: Draw, dimensions: Sequence[int] = (1, 2, 3), least: int = 1) -> Shape:
    """Draw an input shape."""
    count = draw(st.sampled_from(dimensions))
    channels = draw(st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 36]))
    return (channels, *draw(st.tuples(*[st.integers(least, {1: 40, 2: 16, 3: 8}[count] + least)] * count)))


# ---- how options are written


def option(draw: Draw, short: str, names: Sequence[str], values: Sequence[object], default: object) -> list[str]:
    """Write one option: not at all where it is the default, short or by name, one number or all."""
    alike = len(set(values)) == 1
    if alike and values[0] == default and draw(st.booleans()):
        return []
    text = str(values[0]) if alike and draw(st.booleans()) else joined(values)
    return [draw(st.sampled_from([short, *(f"{name}=" for name in names)])) + text]


def padding_option(draw: Draw, before: Sequence[int], after: Sequence[int]) -> list[str]:
    """Write ``p1``, ``p1x2`` or ``p0:1x0:1``."""
    if tuple(before) == tuple(after):
        return option(draw, "p", ("pad", "padding"), before, 0)
    pairs = [f"{b}:{a}" for b, a in zip(before, after, strict=True)]
    return option(draw, "p", ("pad", "padding"), pairs, None)


def layer_text(draw: Draw, head: str, options: Sequence[str]) -> str:
    """Write a layer with its options in any order."""
    return " ".join([head, *draw(st.permutations(options))])


# ---- windows


@dataclass(frozen=True)
class Window:
    """A drawn window: per dimension its numbers, and how it is made to fit (strict, floor, ceil, same, valid)."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    fit: str

    @property
    def symmetric(self) -> bool:
        """Whether PyTorch's layers know this padding themselves."""
        return self.before == self.after

    @property
    def extents(self) -> tuple[int, ...]:
        """How far the window reaches."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def options(self, draw: Draw, default_stride: Sequence[int], *, dilates: bool = True) -> list[str]:
        """Write stride, dilation, padding and fit."""
        unwritten = self.stride == tuple(default_stride) and draw(st.booleans())
        written = [] if unwritten else option(draw, "s", ("stride",), self.stride, None)
        written += option(draw, "d", ("dilation",), self.dilation, 1) if dilates else []
        if self.fit not in ("same", "valid"):
            written += padding_option(draw, self.before, self.after)
        return written + {"strict": [], "valid": ["valid", "floor"]}.get(self.fit, [self.fit])


@st.composite
def windows(draw: Draw, sizes: Sequence[int], *, pool: bool = False, dilates: bool = True) -> Window:
    """Draw a window that is no larger than its padded input, and that fits where it must."""
    fit = draw(st.sampled_from(["strict", "floor", "ceil", "same", "valid"]))
    symmetric = fit == "ceil" or draw(st.booleans())
    axes = [draw(_axis(size, fit, symmetric, pool, dilates)) for size in sizes]
    return Window(*map(tuple, zip(*axes, strict=True)), fit)  # type: ignore[arg-type]


@st.composite
def _axis(draw: Draw, size: int, fit: str, symmetric: bool, pool: bool, dilates: bool) -> tuple[int, ...]:
    pads = fit not in ("same", "valid")
    halved = pool or fit == "ceil"  # PyTorch pools, which say what ceil means, pad by half a kernel at most
    before, after = draw(_pads(2, symmetric)) if pads and not halved else (0, 0)
    kernel = draw(st.integers(1, min(4, size + before + after)))
    most = 3 if kernel == 1 else min(3, (size + before + after - 1) // (kernel - 1))
    dilation = draw(st.integers(1, most)) if dilates else 1
    if pads and halved:
        before, after = draw(_pads(kernel // 2, symmetric))
    extent = dilation * (kernel - 1) + 1
    room = size + before + after - extent
    stride = draw(st.sampled_from(divisors(room) if fit == "strict" and room else [1, 2, 3]))
    if fit == "same":
        total = max(0, (-(-size // stride) - 1) * stride + extent - size)
        before, after = total // 2, total - total // 2
    return kernel, stride, dilation, before, after


@st.composite
def _pads(draw: Draw, most: int, symmetric: bool) -> tuple[int, int]:
    before = draw(st.integers(0, most))
    return before, before if symmetric else draw(st.integers(0, most))


class Padded(nn.Module):
    """A layer behind zeros (or another value) that its own padding option cannot express."""

    def __init__(self, layer: nn.Module, before: Sequence[int], after: Sequence[int], value: float = 0.0) -> None:
        super().__init__()
        self.layer = layer
        self.value = value
        self.sides = torch_sides(before, after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(functional.pad(x, self.sides, value=self.value))


class CeiledConvolution(nn.Module):
    """A convolution with as many outputs as PyTorch's ceil mode gives a pool with the same window."""

    def __init__(self, layer: nn.Module, window: Window) -> None:
        super().__init__()
        self.layer = layer
        self.window = window

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        window = self.window
        dimensions = len(window.kernel)
        pool = nd("MaxPool", dimensions)(
            window.kernel, window.stride, window.before, dilation=window.dilation, ceil_mode=True
        )
        outputs = pool(x).shape[2:]
        after = [
            (n - 1) * s + e - size - before
            for n, s, e, size, before in zip(
                outputs, window.stride, window.extents, x.shape[2:], window.before, strict=True
            )
        ]
        return self.layer(functional.pad(x, torch_sides(window.before, after)))


def torch_sides(before: Sequence[int], after: Sequence[int]) -> list[int]:
    """Return the sides as ``functional.pad`` wants them: the last dimension first."""
    return [side for pair in reversed(list(zip(before, after, strict=True))) for side in pair]


# ---- convolutions


def conv(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``conv 3x3x64 s1 p1 d1 g1 nobias``."""
    window = draw(windows(shape[1:]))
    groups = draw(st.sampled_from(divisors(shape[0])))
    filters = groups * draw(st.integers(1, 3))
    return _convolution(draw, shape, window, f"conv {joined((*window.kernel, filters))}", filters, groups)


def conv_shorthand(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``conv3-64``: stride 1, padding that keeps the size."""
    side, filters, dimensions = draw(st.sampled_from([1, 3, 5, 7])), draw(st.integers(1, 9)), len(shape) - 1
    bias = draw(st.booleans())
    kind = nd("Conv", dimensions)
    text = f"conv{side}-{filters}" + ("" if bias else " nobias")
    return Drawn(text, lambda: kind(shape[0], filters, side, padding=(side - 1) // 2, bias=bias))


def dwconv(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``dwconv 3x3`` and ``dwconv 3x3x{2*C}``."""
    window = draw(windows(shape[1:]))
    multiplier = draw(st.integers(1, 3))
    filters = [str(shape[0] * multiplier), f"{{{multiplier}*C}}", f"{{C*{multiplier}}}"]
    sized = multiplier > 1 or draw(st.booleans())
    head = "dwconv " + joined((*window.kernel, *([draw(st.sampled_from(filters))] if sized else [])))
    return _convolution(draw, shape, window, head, shape[0] * multiplier, shape[0])


def _convolution(draw: Draw, shape: Shape, window: Window, head: str, filters: int, groups: int) -> Drawn:
    dimensions = len(shape) - 1
    bias = draw(st.booleans())
    options = window.options(draw, (1,) * dimensions) + ([] if bias else ["nobias"])
    if not head.startswith("dwconv"):
        options += option(draw, "g", ("groups",), (groups,), 1)
    numbers: dict[str, Any] = {"stride": window.stride, "dilation": window.dilation, "groups": groups, "bias": bias}

    def build() -> nn.Module:
        own = window.before if window.symmetric and window.fit != "ceil" else 0
        layer = nd("Conv", dimensions)(shape[0], filters, window.kernel, padding=own, **numbers)
        if window.fit == "ceil":
            return CeiledConvolution(layer, window)
        return layer if window.symmetric else Padded(layer, window.before, window.after)

    return Drawn(layer_text(draw, head, options), build)


def deconv(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``deconv 2x2x64 s2 p0 op0``."""
    dimensions = len(shape) - 1
    axes = [draw(_deconv_axis(size)) for size in shape[1:]]
    kernel, stride, dilation, padding, extra = map(tuple, zip(*axes, strict=True))
    groups = draw(st.sampled_from(divisors(shape[0])))
    filters = groups * draw(st.integers(1, 3))
    bias = draw(st.booleans())
    options = [
        *option(draw, "s", ("stride",), stride, 1),
        *option(draw, "d", ("dilation",), dilation, 1),
        *option(draw, "p", ("pad",), padding, 0),
        *option(draw, "op", ("output_padding", "outpad"), extra, 0),
        *option(draw, "g", ("groups",), (groups,), 1),
        *([] if bias else ["nobias"]),
    ]
    kind = nd("ConvTranspose", dimensions)
    numbers: dict[str, Any] = {"stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation}
    return Drawn(
        layer_text(draw, f"deconv {joined((*kernel, filters))}", options),
        lambda: kind(shape[0], filters, kernel, groups=groups, bias=bias, **numbers),
    )


@st.composite
def _deconv_axis(draw: Draw, size: int) -> tuple[int, ...]:
    kernel, stride, dilation = (draw(st.integers(1, most)) for most in (4, 3, 3))
    extra = draw(st.integers(0, max(stride, dilation) - 1))
    whole = (size - 1) * stride + dilation * (kernel - 1) + 1 + extra
    return kernel, stride, dilation, draw(st.integers(0, min(3, (whole - 1) // 2))), extra


# ---- pools


def _pool(draw: Draw, shape: Shape, word: str, *, dilates: bool) -> tuple[str, Window, list[str]]:
    window = draw(windows(shape[1:], pool=True, dilates=dilates))
    heads = [f"{word} {joined(window.kernel)}"]
    if len(set(window.kernel)) == 1:
        heads += [f"{word} {window.kernel[0]}", f"{word}{window.kernel[0]}"]
    return draw(st.sampled_from(heads)), window, window.options(draw, window.kernel, dilates=dilates)


def _pool_builder(window: Window, kind: Callable[..., nn.Module], value: float, **more: Any) -> Build:
    ceil = window.fit == "ceil"
    if window.symmetric and window.fit != "same":  # which pads a dilated window by more than half its kernel
        return lambda: kind(window.kernel, window.stride, window.before, ceil_mode=ceil, **more)
    return lambda: Padded(kind(window.kernel, window.stride, 0, **more), window.before, window.after, value)


def maxpool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``maxpool 3x3 s2 p1``."""
    return _maxpool(draw, shape, "maxpool")


def pool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``pool 2x2 s2`` and ``pool2``, which are maxpools."""
    return _maxpool(draw, shape, "pool")


def _maxpool(draw: Draw, shape: Shape, word: str) -> Drawn:
    head, window, options = _pool(draw, shape, word, dilates=True)
    build = _pool_builder(window, nd("MaxPool", len(shape) - 1), -torch.inf, dilation=window.dilation)
    return Drawn(layer_text(draw, head, options), build)


def minpool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``minpool 2x2``, the negative of the maximum of the negative."""
    text, build = _maxpool(draw, shape, "minpool")
    return Drawn(text, lambda: nn.Sequential(Does(torch.neg), build(), Does(torch.neg)))


def avgpool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``avgpool 2x2 nopad``."""
    head, window, options = _pool(draw, shape, "avgpool", dilates=False)
    counts = not window.symmetric or draw(st.booleans())  # PyTorch leaves out only what it pads itself
    build = _pool_builder(window, nd("AvgPool", len(shape) - 1), 0.0, count_include_pad=counts)
    return Drawn(layer_text(draw, head, options + ([] if counts else ["nopad"])), build)


def lppool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``lppool 2x2 norm=2``; PyTorch's pads nothing itself, and its size is that of an average."""
    head, window, options = _pool(draw, shape, "lppool", dilates=False)
    norm = draw(st.sampled_from([1, 2, 3]))
    dimensions = len(shape) - 1
    if window.fit == "ceil" and any(window.before):
        build = _pool_builder(window, nd("AvgPool", dimensions), 0.0)
    else:
        build = lambda: Padded(_PowerPool(norm, window), window.before, window.after)  # noqa: E731
    return Drawn(layer_text(draw, head, [*options, f"norm={norm}"]), build)


class _PowerPool(nn.Module):
    """``nn.LPPool1d`` takes its window as a plain number, the others take one per dimension."""

    def __init__(self, norm: float, window: Window) -> None:
        super().__init__()
        numbers = window.kernel, window.stride
        kernel, stride = numbers if len(window.kernel) > 1 else (numbers[0][0], numbers[1][0])
        self.pool = nd("LPPool", len(window.kernel))(norm, kernel, stride, ceil_mode=window.fit == "ceil")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x)


def gap(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``gap``."""
    return Drawn("gap", lambda: nd("AdaptiveAvgPool", len(shape) - 1)(1))


def gmp(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``gmp``."""
    return Drawn("gmp", lambda: nd("AdaptiveMaxPool", len(shape) - 1)(1))


def adaptiveavgpool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``adaptiveavgpool 7x7``."""
    return _adaptive(draw, shape, "adaptiveavgpool", "AdaptiveAvgPool")


def adaptivemaxpool(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``adaptivemaxpool 7x7``."""
    return _adaptive(draw, shape, "adaptivemaxpool", "AdaptiveMaxPool")


def _adaptive(draw: Draw, shape: Shape, word: str, name: str) -> Drawn:
    size = tuple(draw(st.integers(1, 9)) for _ in shape[1:])
    written = joined(size) if len(set(size)) > 1 or draw(st.booleans()) else str(size[0])
    return Drawn(f"{word} {written}", lambda: nd(name, len(size))(size))


# ---- fully connected


def fc(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``fc 4096 nobias`` and ``fc-4096``; the result is a volume of one position."""
    outputs, bias = draw(st.integers(1, 30)), draw(st.booleans())
    values = torch.Size(shape).numel()
    ones = (1,) * (len(shape) - 1)
    text = draw(st.sampled_from([f"fc {outputs}", f"fc-{outputs}"])) + ("" if bias else " nobias")
    return Drawn(
        text,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(values, outputs, bias=bias), nn.Unflatten(1, (outputs, *ones))),
    )


def flatten(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``flatten``."""
    size = (torch.Size(shape).numel(), *(1,) * (len(shape) - 1))
    return Drawn("flatten", lambda: nn.Sequential(nn.Flatten(), nn.Unflatten(1, size)))


# ---- activations

ACTIVATIONS: dict[str, Build] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "gelutanh": lambda: nn.GELU("tanh"),
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "hardtanh": nn.Hardtanh,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "softsign": nn.Softsign,
    "logsoftmax": lambda: nn.LogSoftmax(dim=1),
    "identity": nn.Identity,
}
SLOPED: dict[str, Callable[[float], nn.Module]] = {
    "leakyrelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "celu": nn.CELU,
    "softplus": nn.Softplus,
}


def activation(draw: Draw, shape: Shape) -> Drawn:
    """Draw any activation without parameters."""
    word = draw(st.sampled_from([*ACTIVATIONS, *SLOPED]))
    if word in ACTIVATIONS:
        return Drawn(word, ACTIVATIONS[word])
    slope = draw(st.sampled_from([0.01, 0.1, 0.5, 1.0]))
    return Drawn(f"{word} {slope}", lambda: SLOPED[word](slope))


def prelu(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``prelu 0.25 perchannel``."""
    start, per_channel = draw(st.sampled_from([0.1, 0.25])), draw(st.booleans())
    text = f"prelu {start} perchannel" if per_channel else f"prelu {start}"
    return Drawn(text, lambda: nn.PReLU(shape[0] if per_channel else 1, start))


# ---- normalisations


class LayerNormOverChannels(nn.Module):
    """``ln``: a layer norm over the channels at each position, as ConvNeXt has it."""

    def __init__(self, channels: int, eps: float, affine: bool, bias: bool = True) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps, elementwise_affine=affine, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


def _affine(draw: Draw, word: str, extra: Sequence[str] = ()) -> tuple[str, float, bool]:
    eps, affine = draw(st.sampled_from([1e-5, 1e-3])), draw(st.booleans())
    options = [*extra, f"eps={eps}", *([] if affine else ["noaffine"])]
    return layer_text(draw, word, options), eps, affine


class HalfAffine(nn.Module):
    """``bn noscale`` and ``bn noshift``: a norm without both, followed by a product or a sum."""

    def __init__(self, norm: nn.Module, channels: int, scale: bool) -> None:
        super().__init__()
        self.norm = norm
        self.weight = nn.Parameter(torch.ones(channels)) if scale else None
        self.bias = None if scale else nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        each = (-1, *(1 for _ in x.shape[2:]))
        if self.weight is not None:
            return self.norm(x) * self.weight.reshape(each)
        return self.norm(x) + self.bias.reshape(each)


def bn(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``bn eps=… momentum=… noaffine``, or one with scales or shifts alone."""
    half = draw(st.sampled_from(["", "", "noscale", "noshift"]))
    if half:
        plain = nd("BatchNorm", len(shape) - 1)
        return Drawn(f"bn {half}", lambda: HalfAffine(plain(shape[0], affine=False), shape[0], half == "noshift"))
    text, eps, affine = _affine(draw, "bn", ["momentum=0.2"])
    return Drawn(text, lambda: nd("BatchNorm", len(shape) - 1)(shape[0], eps, 0.2, affine=affine))


def gn(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``gn 32``; a group of a single value is refused."""
    counts = [count for count in divisors(shape[0]) if max(shape[1:]) > 1 or count < shape[0]]
    if not counts:
        return bn(draw, shape)
    groups = draw(st.sampled_from(counts))
    text, eps, affine = _affine(draw, f"gn {groups}")
    return Drawn(text, lambda: nn.GroupNorm(groups, shape[0], eps, affine=affine))


def ln(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``ln``."""
    if draw(st.booleans()):
        return Drawn("ln noshift", lambda: LayerNormOverChannels(shape[0], 1e-5, True, bias=False))
    text, eps, affine = _affine(draw, "ln")
    return Drawn(text, lambda: LayerNormOverChannels(shape[0], eps, affine))


def instancenorm(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``instancenorm affine``; PyTorch refuses the norm of a single position."""
    if max(shape[1:]) == 1:
        return bn(draw, shape)
    affine = draw(st.booleans())
    kind = nd("InstanceNorm", len(shape) - 1)
    return Drawn("instancenorm" + " affine" * affine, lambda: kind(shape[0], affine=affine, track_running_stats=True))


def lrn(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``lrn 5 alpha=1e-4 beta=0.75 k=2``."""
    size, k = draw(st.integers(1, 5)), draw(st.sampled_from([1.0, 2.0]))
    return Drawn(f"lrn {size} alpha=1e-3 beta=0.5 k={k}", lambda: nn.LocalResponseNorm(size, 1e-3, 0.5, k))


# ---- regularisation


_DROPOUTS = ("dropout", "dropout2d", "droppath")


def dropout(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``dropout``, ``dropout2d`` or ``droppath``."""
    rate = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    kinds: dict[str, Build] = {
        "dropout": lambda: nn.Dropout(rate),
        "dropout2d": lambda: nd("Dropout", len(shape) - 1)(rate),
        "droppath": lambda: StochasticDepth(rate, "row"),
    }
    word = draw(st.sampled_from(_DROPOUTS))
    return Drawn(f"{word} {rate}", kinds[word])


# ---- sizes and channels


def pad(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``pad 1``, ``pad 0:1x0:1 reflect``."""
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    sides = [tuple(draw(st.integers(0, min(3, size - 1))) for _ in "ab") for size in shape[1:]]
    before, after = zip(*sides, strict=True)
    text = _sides(draw, "pad", sides) + ("" if mode == "constant" else f" {mode}")
    return Drawn(text, lambda: Does(lambda x: functional.pad(x, torch_sides(before, after), mode)))


def crop(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``crop 1``, ``crop 0:1x0:1``."""
    before = [draw(st.integers(0, min(2, size - 1))) for size in shape[1:]]
    after = [draw(st.integers(0, min(2, size - b - 1))) for size, b in zip(shape[1:], before, strict=True)]
    places = [slice(b, size - a) for size, b, a in zip(shape[1:], before, after, strict=True)]
    text = _sides(draw, "crop", list(zip(before, after, strict=True)))
    return Drawn(text, lambda: Does(lambda x: x[(slice(None), slice(None), *places)]))


def _sides(draw: Draw, word: str, sides: Sequence[tuple[int, ...]]) -> str:
    texts = [str(b) if b == a and draw(st.booleans()) else f"{b}:{a}" for b, a in sides]
    return f"{word} {texts[0] if len(set(sides)) == 1 and draw(st.booleans()) else joined(texts)}"


def upsample(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``upsample x2``, ``upsample x2x3 bilinear``, ``upsample 25x9 shrink``."""
    dimensions = len(shape) - 1
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[dimensions]
    mode = draw(st.sampled_from(["nearest", linear, *(["bicubic"] if dimensions == 2 else [])]))
    word = "" if mode == "nearest" and draw(st.booleans()) else f" {mode}"
    aligned = mode != "nearest" and draw(st.booleans())
    how: dict[str, Any] = {"mode": mode, **({"align_corners": True} if aligned else {})}
    word += " aligncorners" if aligned else ""
    if draw(st.booleans()):
        size = tuple(draw(st.integers(1, 12)) for _ in shape[1:])
        written = ("size=" if dimensions == 1 else "") + joined(size)
        return Drawn(f"upsample {written}{word} shrink", lambda: nn.Upsample(size=size, **how))
    factors = tuple(draw(st.sampled_from([1, 2, 3, 1.5, 2.25])) for _ in shape[1:])
    written = str(factors[0]) if len(set(factors)) == 1 and draw(st.booleans()) else joined(factors)
    return Drawn(f"upsample x{written}{word}", lambda: nn.Upsample(scale_factor=tuple(map(float, factors)), **how))


def pixelshuffle(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``pixelshuffle 2``, for two dimensions."""
    factor = draw(st.sampled_from([r for r in (1, 2, 3, 6) if shape[0] % r**2 == 0]))
    return Drawn(f"pixelshuffle {factor}", lambda: nn.PixelShuffle(factor))


def shuffle(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``shuffle 2``."""
    groups = draw(st.sampled_from(divisors(shape[0])))
    return Drawn(f"shuffle {groups}", lambda: nn.ChannelShuffle(groups))


def slice_(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``slice 0:{C/2}`` and ``slice 0:64:2``."""
    start = draw(st.integers(0, shape[0] - 1))
    stop = draw(st.integers(start + 1, shape[0]))
    written = draw(st.sampled_from([f"{start}:{stop}", f"{start}:{{C-{shape[0] - stop}}}"]))
    step = draw(st.integers(1, 3))
    stepped = f":{step}" if step > 1 or draw(st.booleans()) else ""
    return Drawn(f"slice {written}{stepped}", lambda: Does(lambda x: x[:, start:stop:step]))


class LayerScale(nn.Module):
    """``scale``: a learned factor per channel."""

    def __init__(self, channels: int, dimensions: int, start: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, *(1,) * dimensions), start))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


def scale(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``scale 1e-6``."""
    if draw(st.booleans()):
        return Drawn("scale 0.5 one", lambda: LayerScale(1, 0, 0.5))
    return Drawn("scale 1e-6", lambda: LayerScale(shape[0], len(shape) - 1, 1e-6))


Maker = Callable[[Draw, Shape], Drawn]

MAKERS: dict[str, Maker] = {
    **{maker.__name__.rstrip("_"): maker for maker in (conv, dwconv, deconv)},
    "conv3-64": conv_shorthand,
    **{maker.__name__: maker for maker in (pool, maxpool, minpool, avgpool, lppool, gap, gmp)},
    **{maker.__name__: maker for maker in (adaptiveavgpool, adaptivemaxpool, fc, flatten)},
    **{maker.__name__: maker for maker in (activation, prelu, bn, gn, ln, instancenorm, lrn, dropout)},
    **{maker.__name__.rstrip("_"): maker for maker in (pad, crop, upsample, shuffle, slice_, scale)},
    "pixelshuffle": pixelshuffle,
    **second_edition.MAKERS,
}
"""What draws each layer of the language, by its word."""

ONLY_IN_2D = ("pixelshuffle", "pixelunshuffle")

_MERGES = ("add", "concat", "max", "mean", "min", "mul", "sub")

_ELSEWHERE = ("unpool",)
"""Reads the places of a pool too, and is no layer alone: tests/layers/test_unpooling.py compares it."""

WORDS = frozenset([*MAKERS, *ACTIVATIONS, *SLOPED, *_DROPOUTS, *_MERGES, *_ELSEWHERE]) - {"activation", "conv3-64"}
"""Every word that a maker here writes."""


@st.composite
def layers(draw: Draw, word: str) -> tuple[Shape, Drawn]:
    """Draw an input shape and one layer on it."""
    shape = draw(shapes((2,) if word in ONLY_IN_2D else (1, 2, 3)))
    return shape, MAKERS[word](draw, shape)


# ---- networks


class Merge(nn.Module):
    """Branches, and what makes one volume of theirs."""

    def __init__(self, how: Callable[[list[torch.Tensor]], torch.Tensor], branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.how = how
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.how([branch(x) for branch in self.branches])


def _folded(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda parts: reduce(function, parts)


HOWS: dict[str, Callable[[list[torch.Tensor]], torch.Tensor]] = {
    "add": lambda parts: torch.stack(parts).sum(0),
    "concat": lambda parts: torch.cat(parts, 1),
    "max": lambda parts: torch.stack(torch.broadcast_tensors(*parts)).amax(0),
    "mean": lambda parts: torch.stack(torch.broadcast_tensors(*parts)).mean(0),
    "min": lambda parts: torch.stack(torch.broadcast_tensors(*parts)).amin(0),
    "mul": _folded(torch.mul),
    "sub": _folded(torch.sub),
}

SEPARATORS = [" - ", "\n", "; ", ", ", " -> ", " → "]


class NetworkDrawing:
    """Draws one network; it knows how many labels and blocks there are already."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.labels = 0
        self.blocks: list[str] = []

    def chain(self, shape: Shape, depth: int) -> Drawn:
        """Draw steps that follow one another."""
        steps = []
        for _ in range(self.draw(st.integers(1, 4))):
            step = self.step(shape, depth)
            shape = output_shape(step.build, shape)
            steps.append(step)
        return self.joined(steps)

    def joined(self, steps: Sequence[Drawn]) -> Drawn:
        """Put steps behind each other."""
        separator = self.draw(st.sampled_from(SEPARATORS))
        text = separator.join(step.text for step in steps)
        return Drawn(text, lambda: nn.Sequential(*(step.build() for step in steps)))

    def step(self, shape: Shape, depth: int) -> Drawn:
        """Draw a layer, or something with branches, a repeat, a block or a label."""
        kinds = [self.layer] * 5
        if depth:
            kinds += [self.add, self.concat, self.excite, self.repeat, self.block, self.skip]
        return self.draw(st.sampled_from(kinds))(shape, depth)

    def layer(self, shape: Shape, depth: int) -> Drawn:
        """Draw any layer; volumes that have grown large are made smaller first."""
        if torch.Size(shape).numel() > 20_000:
            return self.brought_to((4, *(5 for _ in shape[1:])), shape)
        words = [word for word in MAKERS if word not in ONLY_IN_2D or len(shape) == 3]
        return MAKERS[self.draw(st.sampled_from(words))](self.draw, shape)

    def brought_to(self, target: Shape, shape: Shape) -> Drawn:
        """Draw layers that make a given shape, whatever arrives."""
        size = Drawn(
            f"adaptiveavgpool {joined(target[1:])}",
            lambda: nd("AdaptiveAvgPool", len(target) - 1)(target[1:]),
        )
        ones = (1,) * (len(shape) - 1)
        channels = Drawn(
            f"conv {joined((*ones, target[0]))} nobias",
            lambda: nd("Conv", len(ones))(shape[0], target[0], ones, bias=False),
        )
        return self.joined([size, channels])

    def merged(self, word: str, branches: Sequence[Drawn]) -> Drawn:
        """Write and build a merge."""
        text = f"{word}( {' | '.join(branch.text for branch in branches)} )"
        return Drawn(text, lambda: Merge(HOWS[word], [branch.build() for branch in branches]))

    def branches(self, shape: Shape, depth: int) -> tuple[list[Drawn], list[Shape]]:
        """Draw two or three branches of equal size, of which one may be empty."""
        first = Drawn("", nn.Identity) if self.draw(st.booleans()) else self.chain(shape, depth - 1)
        target = output_shape(first.build, shape)
        branches, ends = [first], [target]
        for _ in range(self.draw(st.integers(1, 2))):
            branch = self.chain(shape, depth - 1)
            end = output_shape(branch.build, shape)
            if end[1:] != target[1:]:
                branch = self.joined([branch, self.brought_to((end[0], *target[1:]), end)])
            branches.append(branch)
            ends.append((end[0], *target[1:]))
        return branches, ends

    def concat(self, shape: Shape, depth: int) -> Drawn:
        """Draw ``concat( … | … )``."""
        return self.merged("concat", self.branches(shape, depth)[0])

    def add(self, shape: Shape, depth: int) -> Drawn:
        """Draw ``add( … | … )`` or another merge of equal branches."""
        branches, ends = self.branches(shape, depth)
        equal = [
            branch if end == ends[0] else self.joined([branch, self.brought_to(ends[0], end)])
            for branch, end in zip(branches, ends, strict=True)
        ]
        return self.merged(self.draw(st.sampled_from(["add", "max", "mean", "min", "mul", "sub"])), equal)

    def excite(self, shape: Shape, depth: int) -> Drawn:
        """Draw squeeze-and-excitation: one factor per channel, from all positions."""
        factor = Drawn(
            f"gap - fc {shape[0]} - sigmoid",
            lambda: nn.Sequential(
                nn.AdaptiveAvgPool3d(1) if len(shape) == 4 else nd("AdaptiveAvgPool", len(shape) - 1)(1),
                nn.Flatten(),
                nn.Linear(shape[0], shape[0]),
                nn.Sigmoid(),
                nn.Unflatten(1, (shape[0], *(1,) * (len(shape) - 1))),
            ),
        )
        word = self.draw(st.sampled_from(["mul", "max", "mean", "min", "sub"]))
        return self.merged(word, self.draw(st.permutations([Drawn("", nn.Identity), factor])))

    def keeping(self, shape: Shape) -> Drawn:
        """Draw a few layers that keep their shape."""
        side = self.draw(st.sampled_from([1, 3, 5]))
        filters = self.draw(st.sampled_from(["{C}", str(shape[0]), "{2*C//2}", "{max(C, 1)}"]))
        kernel = (side,) * (len(shape) - 1)
        convolution = Drawn(
            f"conv {joined((*kernel, filters))} p{{({side}-1)/2}}",
            lambda: nd("Conv", len(kernel))(shape[0], shape[0], kernel, padding=(side - 1) // 2),
        )
        return self.joined([convolution, activation(self.draw, shape)])

    def repeat(self, shape: Shape, depth: int) -> Drawn:
        """Draw ``( … )*3``: each time with parameters of its own."""
        body = self.keeping(shape)
        times = self.draw(st.integers(0, 3))
        opened, closed = self.draw(st.sampled_from(["()", "[]"]))
        text = f"{opened}{body.text}{closed}*{times}"
        return Drawn(text, lambda: nn.Sequential(*(body.build() for _ in range(times))))

    def block(self, shape: Shape, depth: int) -> Drawn:
        """Draw a block with arguments, and a call of it."""
        name = f"unit{len(self.blocks) + 1}"
        width, growth = self.draw(st.integers(1, 6)), self.draw(st.integers(1, 3))
        dimensions = len(shape) - 1
        threes, ones = joined((3,) * dimensions), joined((1,) * dimensions)
        self.blocks.append(
            f"block {name}(width, growth=2, stop=C)\n"
            f"  conv {threes}x{{width}} p1 nobias - bn - relu\n"
            f"  conv {ones}x{{growth*width + stop}}\n"
            "end\n"
        )
        given = [f"{width}, {growth}", f"{width}, growth={growth}", f"growth={growth}, width={width}"]
        calls = [*given, *([f"{width}"] if growth == 2 else [])]
        return Drawn(
            f"{name}({self.draw(st.sampled_from(calls))})",
            lambda: nn.Sequential(
                nd("Conv", dimensions)(shape[0], width, 3, padding=1, bias=False),
                nd("BatchNorm", dimensions)(width),
                nn.ReLU(),
                nd("Conv", dimensions)(width, growth * width + shape[0], 1),
            ),
        )

    def skip(self, shape: Shape, depth: int) -> Drawn:
        """Draw a labelled volume, layers behind it, and a merge that takes it up again."""
        self.labels += 1
        label = f"skip{self.labels}"
        body = self.keeping(shape)
        word = self.draw(st.sampled_from(["add", "concat"]))
        text = f"{label}: identity - {body.text} - {word}( | @{label})"
        return Drawn(text, lambda: Merge(HOWS[word], [body.build(), nn.Identity()]))


@st.composite
def networks(draw: Draw) -> tuple[Shape, Drawn]:
    """Draw an input shape and a network on it, with the blocks that it calls."""
    shape = draw(shapes())
    drawing = NetworkDrawing(draw)
    text, build = drawing.chain(shape, 2)
    return shape, Drawn("".join(drawing.blocks) + text, build)

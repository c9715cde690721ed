"""Torchvision's classifiers as the oracle of the zoo: what they count, what they compute, in which order.

A forward pass is watched at PyTorch's functions, not at its modules, because torchvision calls some pools
and means as functions. On the meta device a pass takes no memory and no time worth naming.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

import torch
import torchvision
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc import zoo

TRANSFORMERS = ("maxvit_", "swin_", "vit_")
"""Classifiers of torchvision that are no convolutional networks."""

CLASSIFIERS = [
    name for name in torchvision.models.list_models(module=torchvision.models) if not name.startswith(TRANSFORMERS)
]

USUAL_SIZE = 224

SIZES = {
    "inception_v3": 299,
    "efficientnet_b1": 240,
    "efficientnet_b2": 288,
    "efficientnet_b3": 300,
    "efficientnet_b4": 380,
    "efficientnet_b5": 456,
    "efficientnet_b6": 528,
    "efficientnet_b7": 600,
    "efficientnet_v2_s": 384,
    "efficientnet_v2_m": 480,
    "efficientnet_v2_l": 480,
}
"""Height and width of the images that torchvision's weights were tested on, where they are not 224."""

SMALL = 96
"""Height and width that every one of the networks still takes, for passes that compute values."""

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
}
"""Without the auxiliary heads, which only training uses."""


class Made(NamedTuple):
    """A volume in execution order: the family of the layer that makes it, and its size (channels last).

    A convolution and a fully connected layer are of one family: on a vector a 1x1 convolution is fully
    connected, and a linear layer at every position (ConvNeXt) is a 1x1 convolution.
    """

    family: str
    volume: tuple[int, ...]
    name: str = ""


Setting = tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """What PyTorch says of a classifier."""

    weights: int
    biases: int
    macs: float
    made: list[Made] = field(repr=False)
    settings: Counter[Setting] = field(repr=False)


# ---- torchvision


def torchvision_model(name: str) -> nn.Module:
    """Return a classifier in eval mode, with first weights drawn at random."""
    model: nn.Module = torchvision.models.get_model(name, weights=None, **ARGUMENTS.get(name, {}))
    return model.eval()


def images(size: int, count: int = 1) -> torch.Tensor:
    """Return random images: noise on 4 x 4 fields of random colours, which stay different where noise averages out."""
    return torch.randn(count, 3, size, size) + functional.interpolate(torch.randn(count, 3, 4, 4), size)


def measure(name: str) -> Measured:
    """Count a classifier of torchvision on meta tensors; half of PyTorch's flops are multiplications."""
    size = SIZES.get(name, USUAL_SIZE)
    with torch.no_grad():
        with _WithoutValues():
            model = torchvision_model(name)
        with torch.device("meta"), FlopCounterMode(display=False) as counter, _Watch(model) as watch:
            model(images(size))
    biases = sum(values.numel() for key, values in model.named_parameters() if key.endswith(".bias"))
    weights = sum(values.numel() for values in model.parameters()) - biases
    return Measured(weights, biases, counter.get_total_flops() / 2, watch.made, settings(model))


def settings(model: nn.Module) -> Counter[Setting]:
    """Return how often each setting occurs that shows in training only, or hardly: of norms and of dropout."""
    return Counter(
        (kind.__name__, *(f"{name}={getattr(part, name):g}" for name in names))
        for part in model.modules()
        for kind, names in SETTINGS.items()
        if isinstance(part, kind)
    )


SETTINGS: Mapping[type[nn.Module], tuple[str, ...]] = {
    nn.BatchNorm2d: ("eps", "momentum"),
    nn.LayerNorm: ("eps",),
    nn.Dropout: ("p",),
}


class _WithoutValues(TorchFunctionMode):
    """Makes parameters on the meta device, and nothing else: RegNet computes its widths with tensors."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.empty, torch.ones, torch.zeros):
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


# ---- what PyTorch's functions do, in the order of their calls


def _channels_first(result: torch.Tensor) -> tuple[int, ...]:
    channels, *spatial = result.shape[1:]
    return (*(spatial or (1, 1)), channels)


def _channels_last(result: torch.Tensor) -> tuple[int, ...]:
    return tuple(result.shape[1:]) if result.ndim == 4 else (1, 1, result.shape[-1])


FUNCTIONS: Mapping[Callable[..., Any], tuple[str, Callable[[torch.Tensor], tuple[int, ...]]]] = {
    functional.conv2d: ("conv/fc", _channels_first),
    functional.linear: ("conv/fc", _channels_last),
    functional.batch_norm: ("norm", _channels_first),
    functional.layer_norm: ("norm", _channels_last),
    functional.max_pool2d: ("pool", _channels_first),
    functional.avg_pool2d: ("pool", _channels_first),
    functional.adaptive_avg_pool2d: ("pool", _channels_first),
    torch.Tensor.mean: ("pool", _channels_first),
}
"""The family of the layers that each function belongs to, and how its result is read as a volume."""


class _Watch(TorchFunctionMode):
    """Writes down what the functions of `FUNCTIONS` make, and which of a module's tensors are read, in order."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.made: list[Made] = []
        self.read: dict[str, None] = {}
        self.names = {id(values): name for name, values in (*model.named_parameters(), *model.named_buffers())}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        values = (*args, *kwargs.values())
        self.read |= {self.names[id(value)]: None for value in values if id(value) in self.names}
        result = func(*args, **kwargs)
        if func in FUNCTIONS:
            family, volume = FUNCTIONS[func]
            self.made.append(Made(family, volume(result)))
        return result


# ---- the zoo

FAMILIES = dict.fromkeys(("conv", "dwconv", "fc"), "conv/fc")
FAMILIES |= dict.fromkeys(("bn", "ln"), "norm")
FAMILIES |= dict.fromkeys(("pool", "avgpool", "gap", "adaptiveavgpool"), "pool")


def load(name: str, size: int | None = None) -> cnncalc.Network:
    """Return a network of the zoo, for its own images or for square ones of another size."""
    assert zoo.spec(name) is not None, f"the zoo has no spec {name}.txt"
    return cnncalc.load(name, input=None if size is None else (size, size, 3))


def made(net: cnncalc.Network) -> list[Made]:
    """Return what is calculated for the layers that PyTorch is watched for."""
    return [
        Made(FAMILIES[node.layer.kind], tuple(node.output), f"{node.name}, line {net.line(node)}: {node.written}")
        for node in net
        if node.layer.kind in FAMILIES
    ]


def first_difference(calculated: list[Made], expected: list[Made]) -> str:
    """Say where two sequences of volumes part, with the layers in front of that place; "" if nowhere."""
    for index, (own, other) in enumerate(zip_longest(calculated, expected)):
        if own is None or other is None or own[:2] != other[:2]:
            agreed = [f"  same:        {_shown(each)}" for each in calculated[max(0, index - 3) : index]]
            lines = [*agreed, f"  torchvision: {_shown(other)}", f"  the spec:    {_shown(own)}"]
            return "\n".join([f"the volumes differ from number {index + 1} on:", *lines])
    return ""


def _shown(each: Made | None) -> str:
    return "the end" if each is None else f"{each.family} {'x'.join(map(str, each.volume))}  {each.name}".rstrip()


# ---- the same weights in both


def outputs(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what torchvision's classifier and the zoo's make of the same images with the same weights."""
    net = load(name, SMALL)
    torch.manual_seed(0)
    return outputs_of(torchvision_model(name), net)


def outputs_of(model: nn.Module, net: cnncalc.Network) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what a module and a built network make of the same images with the same weights, N x outputs."""
    seen = images(net.input[0], 2)
    with torch.no_grad():
        settle(model, seen)
        with _Watch(model) as watch:
            expected = model(seen)
        built = with_weights_of(net, model, list(watch.read))
        return built(seen).flatten(1), expected.flatten(1)


def settle(model: nn.Module, seen: torch.Tensor) -> None:
    """Move what starts as 0, 1 or 1e-6 away from there, so that it matters; set statistics that nearly fit.

    Without statistics that fit, the values of a deep network would fade away until its last bias is all
    that comes out, and everything before it would go untested.
    """
    for values in model.parameters():
        if values.numel() == max(values.shape):  # one value per channel: a scale, a shift or a bias
            values.add_(torch.rand_like(values), alpha=0.3)
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
        norm.weight.mul_(3)  # some values above 6, so that ReLU6 is no ReLU
    model(seen)
    for norm in norms:
        norm.eval()
        norm.running_mean.add_(torch.rand_like(norm.running_mean) * norm.running_var.sqrt() / 10)
        norm.running_var.mul_(1 + torch.rand_like(norm.running_var) / 10)


def with_weights_of(net: cnncalc.Network, model: nn.Module, names: list[str]) -> nn.Module:
    """Return the built network with the tensors of a module, whose names come in the order they are read.

    They are shared, not copied. Shapes differ only where one side has more dimensions of size 1: a linear
    layer for a 1x1 convolution.
    """
    built = cnncalc.build(net, device="meta").eval()
    with torch.no_grad(), torch.device("meta"), _Watch(built) as watch:
        built(images(net.input[0]))
    theirs, ours = model.state_dict(), built.state_dict()
    state = {key: torch.tensor(0) for key in ours if key.endswith("num_batches_tracked")}
    for own, other in zip_longest(watch.read, names):
        assert own and other, f"{other or 'nothing'} of torchvision meets {own or 'nothing'} of the spec"
        shapes = tuple(ours[own].shape), tuple(theirs[other].shape)
        agree = ours[own].squeeze().shape == theirs[other].squeeze().shape
        assert agree, f"{own} {shapes[0]} meets {other} {shapes[1]} of torchvision"
        state[own] = theirs[other].reshape(shapes[0])
    built.load_state_dict(state, assign=True)
    return built


def relative_difference(computed: torch.Tensor, expected: torch.Tensor) -> float:
    """Return the largest difference of two tensors, as a part of the largest value that is expected."""
    return float((computed - expected).abs().max() / expected.abs().max())

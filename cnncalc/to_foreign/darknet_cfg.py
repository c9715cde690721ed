"""Darknet: ``net.cfg``, and its weights as Darknet reads them.

Sections stand one after another, and each reads the one in front of it. What reads another volume gets a ``[route]``
to it first. A convolution, its batch normalisation and its activation are one section.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.model.plan import plan
from cnncalc.network import Network, Node
from cnncalc.to_foreign.writer import ForeignWriter, cannot_say, check_learned, check_single

_ACTIVATIONS = {
    **{name: name for name in ("relu", "relu6", "tanh", "mish", "elu", "selu", "gelu")},
    "leakyrelu": "leaky",
    "sigmoid": "logistic",
    "silu": "swish",
    "swish": "swish",
    "hardtanh": "hardtan",
}
_SLOPES = {"leakyrelu": 0.1, "elu": 1.0}
"""The numbers that Darknet's activations have."""

_VERSION = struct.pack("<iiiQ", 0, 2, 0, 0)
"""Major and minor version, revision, and how many images have been seen."""


class DarknetSection(NamedTuple):
    """A section: its name, what is written in it, and the weights that it has, by the names of the built module."""

    name: str
    options: Mapping[str, Any]
    weights: tuple[str, ...]

    def __str__(self) -> str:
        return "".join([f"[{self.name}]\n", *(f"{key}={value}\n" for key, value in self.options.items())])


class DarknetCfg(ForeignWriter):
    """``net.cfg``, and ``net.weights`` in the order of its sections."""

    what = "Darknet"
    weights_ending = ".weights"

    def __init__(self, network: Network) -> None:
        """Take a network; raise `SpecError` for a layer that Darknet has no section for."""
        self.network = network
        check_single(network, self.what)
        check_learned(network, self.what)
        if network.input.dimensions != 2:
            message = f"Darknet reads images, which have a height and a width, and not {network.input}"
            raise SpecError("not-in-format", message)
        self.sections = _Sections(network).all()

    def text(self, weights_file: str = "") -> str:
        """Return the configuration."""
        height, width, channels = self.network.input
        net = DarknetSection("net", {"batch": 1, "height": height, "width": width, "channels": channels}, ())
        return "\n".join([str(section) for section in (net, *self.sections)])

    def weights_file(self, values: Mapping[str, Any]) -> bytes:
        """Return Darknet's header, and the numbers of every section in single precision."""
        names = [name for section in self.sections for name in section.weights]
        return b"".join([_VERSION, *(values[name].astype("<f4").tobytes() for name in names)])


class _Sections:
    """Goes through a network and writes its sections."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.sections: list[DarknetSection] = []
        self.modules = {planned.node.index: planned.name for planned in plan(network)}
        self.readers = Counter(index for node in network.layers for index in node.inputs)
        self.readers[network.output_index] += 1
        self.at: dict[int, int] = {0: -1}
        """The number of the section that makes each volume."""

    def all(self) -> list[DarknetSection]:
        for node in self.network.layers:
            if node.index not in self.at:
                self.write(node)
        self.go_to(self.network.output_index, self.network.layers[-1] if self.network.layers else None)
        return self.sections

    def write(self, node: Node) -> None:
        kind = node.layer.kind
        writer = _SECTIONS.get(kind)
        if writer is not None:
            writer(self, node)
        elif kind in _ACTIVATIONS:
            self.go_to(node.inputs[0], node)
            self.add(node, "activation", {"activation": self.activation_of(node)})
        else:
            raise self.fault(node, f"Darknet has no section for `{shorten(node.written)}`")

    # ---- sections

    def add(self, node: Node, name: str, options: Mapping[str, Any], weights: tuple[str, ...] = ()) -> None:
        """Add the section that makes a node's volume."""
        self.sections.append(DarknetSection(name, options, weights))
        self.at[node.index] = len(self.sections) - 1

    def back(self, index: int, node: Node) -> int:
        """Return a volume's section, counted back from the next one, as routes and shortcuts name it."""
        if self.at[index] < 0:
            raise self.fault(node, "Darknet reads the image in its first section alone")
        return self.at[index] - len(self.sections)

    def go_to(self, index: int, node: Node | None) -> None:
        """Let the next section read a volume, by a route where it does not stand in front."""
        if self.at[index] != len(self.sections) - 1 and node is not None:
            self.sections.append(DarknetSection("route", {"layers": self.back(index, node)}, ()))

    def following(self, node: Node, kinds: Callable[[str], bool]) -> Node | None:
        """Return the layer that alone reads a node, if it directly follows and is of some kind."""
        after = self.network.layers[node.index] if node.index < len(self.network) else None
        follows = after is not None and after.inputs == (node.index,) and self.readers[node.index] == 1
        return after if follows and after is not None and kinds(after.layer.kind) else None

    def with_activation(self, node: Node) -> tuple[Node, str]:
        """Return the last node of a section and its activation: that of the next layer, or none."""
        after = self.following(node, _ACTIVATIONS.__contains__)
        if after is None or not self.has_usual_slope(after):
            return node, "linear"
        return after, _ACTIVATIONS[after.layer.kind]

    def activation_of(self, node: Node) -> str:
        if not self.has_usual_slope(node):
            usual = _SLOPES[node.layer.kind]
            raise self.fault(node, f"Darknet's {_ACTIVATIONS[node.layer.kind]} has a slope of {usual:g}")
        return _ACTIVATIONS[node.layer.kind]

    def has_usual_slope(self, node: Node) -> bool:
        kind = node.layer.kind
        return kind not in _SLOPES or getattr(node.layer, "slope", None) == _SLOPES[kind]

    def learned(self, node: Node, options: dict[str, Any], *, bias: bool) -> None:
        """Add a layer with weights, with the normalisation and the activation that follow."""
        norm = self.following(node, "bn".__eq__)
        name = self.modules[node.index]
        if norm is None and not bias:
            raise self.fault(node, "Darknet has a bias where no batch normalisation follows", "leave out `nobias`")
        if norm is not None and bias:
            raise self.fault(node, "Darknet has no bias in front of a batch normalisation", "write `nobias`")
        last, activation = self.with_activation(norm or node)
        options["activation"] = activation
        weights: tuple[str, ...] = (f"{name}.bias", f"{name}.weight")
        if norm is not None:
            if not {"weight", "bias"}.issubset(tensor.name for tensor in norm.layer.state(norm.sources)):
                raise self.fault(norm, "Darknet's batch normalisation learns a scale and a shift")
            own = self.modules[norm.index]
            options = {"batch_normalize": 1, **options}
            statistics = tuple(f"{own}.{one}" for one in ("weight", "running_mean", "running_var"))
            weight = f"{name}.weight"
            rest = (weight, *statistics) if node.layer.kind == "fc" else (*statistics, weight)
            weights = (f"{own}.bias", *rest)
        section = "connected" if node.layer.kind == "fc" else "convolutional"
        self.add(node, section, options, weights)
        for merged in (norm, last):
            if merged is not None:
                self.at[merged.index] = self.at[node.index]

    def fault(self, node: Node, message: str, *hints: str) -> SpecError:
        """Make the error for a layer that cannot be said, at its place in the spec."""
        return cannot_say(self.network, node, message, hints)


def _one(sections: _Sections, node: Node, name: str, values: tuple[int, ...]) -> int:
    if len(set(values)) > 1:
        raise sections.fault(node, f"Darknet has one {name} for height and width, not {'x'.join(map(str, values))}")
    return values[0]


def _layer(node: Node) -> Any:
    return node.layer


def _convolution(sections: _Sections, node: Node) -> None:
    layer = _layer(node)
    sections.go_to(node.inputs[0], node)
    size = _one(sections, node, "kernel", layer.setting("kernel"))
    stride = _one(sections, node, "stride", layer.setting("stride"))
    pads = layer.needed_padding(node.sources[0])
    padding = _one(sections, node, "padding", tuple([side for pair in pads for side in pair]))
    if max(layer.setting("dilation")) > 1:
        raise sections.fault(node, "Darknet has no dilation")
    if layer.standard is not None:
        raise sections.fault(node, "Darknet has no convolution that standardises its weights")
    options: dict[str, Any] = {"filters": layer.filters, "size": size, "stride": stride}
    options |= {"groups": layer.groups} if layer.groups > 1 else {}
    options |= {"pad": 1} if padding == size // 2 else {"padding": padding}
    sections.learned(node, options, bias=layer.bias)


def _connected(sections: _Sections, node: Node) -> None:
    layer = _layer(node)
    sections.go_to(node.inputs[0], node)
    sections.learned(node, {"output": layer.outputs}, bias=layer.bias)


def _max_pool(sections: _Sections, node: Node) -> None:
    layer = _layer(node)
    sections.go_to(node.inputs[0], node)
    size = _one(sections, node, "window", layer.setting("kernel"))
    stride = _one(sections, node, "stride", layer.setting("stride"))
    pads = set(layer.needed_padding(node.sources[0]))
    before, after = max(pads)
    if len(pads) > 1 or max(layer.setting("dilation")) > 1 or before != (before + after) // 2:
        raise sections.fault(node, "Darknet pads a pool alike in height and width, an odd value after")
    sections.add(node, "maxpool", {"size": size, "stride": stride, "padding": before + after})


def _average_pool(sections: _Sections, node: Node) -> None:
    """The mean over everything, which is the only average of Darknet."""
    if getattr(node.layer, "size", None) == node.sources[0].spatial:
        _same(sections, node)
        return
    if max(node.output.spatial) > 1:
        raise sections.fault(node, "Darknet has an average over all positions alone")
    sections.go_to(node.inputs[0], node)
    sections.add(node, "avgpool", {})


def _flatten(sections: _Sections, node: Node) -> None:
    """Nothing: a fully connected section takes a volume as it is."""
    readers = [other for other in sections.network.layers if node.index in other.inputs]
    if max(node.sources[0].spatial) > 1 and any(other.layer.kind != "fc" for other in readers):
        raise sections.fault(node, "Darknet flattens in front of a fully connected layer alone")
    _same(sections, node)


def _same(sections: _Sections, node: Node) -> None:
    sections.at[node.index] = sections.at[node.inputs[0]]


def _dropout(sections: _Sections, node: Node) -> None:
    sections.go_to(node.inputs[0], node)
    sections.add(node, "dropout", {"probability": f"{_layer(node).rate:g}"})


def _softmax(sections: _Sections, node: Node) -> None:
    if max(node.output.spatial) > 1 or _layer(node).groups:
        raise sections.fault(node, "Darknet has a softmax over one vector alone")
    sections.go_to(node.inputs[0], node)
    sections.add(node, "softmax", {"groups": 1})


def _upsample(sections: _Sections, node: Node) -> None:
    factors = {new / old for new, old in zip(node.output.spatial, node.sources[0].spatial, strict=True)}
    factor = factors.pop()
    if factors or factor != int(factor) or _layer(node).mode != "nearest":
        raise sections.fault(node, "Darknet enlarges by one whole factor, and repeats values")
    sections.go_to(node.inputs[0], node)
    sections.add(node, "upsample", {"stride": int(factor)})


def _slice(sections: _Sections, node: Node) -> None:
    layer, channels = _layer(node), node.sources[0].channels
    size = layer.stop - layer.start
    if channels % size or layer.start % size or getattr(layer, "step", 1) != 1:
        raise sections.fault(node, f"Darknet takes one of several equal parts of {channels} channels")
    layers = sections.back(node.inputs[0], node)
    sections.add(node, "route", {"layers": layers, "groups": channels // size, "group_id": layer.start // size})


def _add(sections: _Sections, node: Node) -> None:
    """Shortcuts, one for each further source; the last one has the activation."""
    if len(set(node.sources)) > 1:
        raise sections.fault(node, "Darknet adds equal volumes alone")
    first = next((i for i in node.inputs if sections.at[i] == len(sections.sections) - 1), node.inputs[-1])
    others = list(node.inputs)
    others.remove(first)
    sections.go_to(first, node)
    last, activation = sections.with_activation(node)
    for index in others:
        own = activation if index == others[-1] else "linear"
        options = {"from": sections.back(index, node), "activation": own}
        sections.add(node, "shortcut", options)
    sections.at[last.index] = sections.at[node.index]


def _concat(sections: _Sections, node: Node) -> None:
    layers = ",".join([str(sections.back(index, node)) for index in node.inputs])
    sections.add(node, "route", {"layers": layers})


def _multiply(sections: _Sections, node: Node) -> None:
    """A volume times a factor for each channel: the factors stand in front."""
    if len(node.inputs) != 2:
        raise sections.fault(node, "Darknet multiplies two volumes alone")
    order = sorted(zip(node.sources, node.inputs, strict=True), key=lambda pair: pair[0].values)
    (factors, at), (volume, whole) = order
    if max(factors.spatial) > 1 or factors.channels != volume.channels:
        raise sections.fault(node, "Darknet multiplies by one factor for each channel alone")
    sections.go_to(at, node)
    last, activation = sections.with_activation(node)
    sections.add(node, "scale_channels", {"from": sections.back(whole, node), "activation": activation})
    sections.at[last.index] = sections.at[node.index]


_SECTIONS: Mapping[str, Callable[[_Sections, Node], None]] = {
    "conv": _convolution,
    "dwconv": _convolution,
    "fc": _connected,
    "pool": _max_pool,
    "gap": _average_pool,
    "avgpool": _average_pool,
    "adaptiveavgpool": _average_pool,
    "flatten": _flatten,
    "identity": _same,
    "dropout": _dropout,
    "softmax": _softmax,
    "upsample": _upsample,
    "slice": _slice,
    "add": _add,
    "concat": _concat,
    "mul": _multiply,
}
"""How Darknet says each layer, by its kind; activations stand for themselves, or at the end of a section."""

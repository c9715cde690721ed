"""Configurations of Darknet: the networks of YOLO. Sections stand one after another, and routes go by their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.core.source import Source
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.darknet_sections import Section, sections_of
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.layers.written import short

_HEAD = re.compile(r"(?:\s|[#;][^\n]*\n)*\[(?:net|network)\]", re.IGNORECASE)
_SECTION = re.compile(r"^\s*\[(?:convolutional|conv|connected|maxpool|yolo|net)\]", re.MULTILINE | re.IGNORECASE)
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
}
_SAME = ("cost", "silence", "empty")
_RECURRENT = ("rnn", "crnn", "gru", "lstm", "conv_lstm")


class DarknetConfiguration(ForeignFormat):
    """``[net]`` with the input, then ``[convolutional]``, ``[route]``, ``[shortcut]``, ``[yolo]``… with ``key=value``.

    Windows round down. A max pool without ``padding`` is padded by its size − 1, the larger half behind.
    """

    what = "a Darknet cfg"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return _HEAD.match(head) is not None or len(_SECTION.findall(head)) > 1

    def read(self, source: Source) -> Draft:
        draft = Draft(source, self.what)
        draft.names_all = False
        sections = sections_of(source)
        _Reader(draft).read(sections)
        if not draft.steps:
            draft.damaged(sections[0].span, "this configuration has no layers")
        return draft


class _Reader:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.made: list[int] = []
        """For every section behind the first, the step that makes its volume."""
        self.heads: list[int] = []

    def read(self, sections: list[Section]) -> None:
        self.net(sections[0])
        for number, section in enumerate(sections[1:]):
            before = self.draft.last
            self.made.append(self.section(section, sections[number]))
            if self.draft.last > before:
                self.draft.amend(name=f"layer{number}", remark=f"{number} {section.name}")
        ends = list(dict.fromkeys(self.heads))
        if self.made[-1:] and self.made[-1] not in ends:
            ends.append(self.made[-1])
        if ends != [self.draft.last]:
            self.draft.outputs = [index for index in ends if index]

    def net(self, section: Section) -> None:
        if section.name not in ("net", "network"):
            section.damaged("a configuration begins with [net]")
        if section.has("height") or section.has("width"):
            sizes = [section.number(name, least=1) for name in ("height", "width")]
            self.draft.input = "x".join(map(str, (*sizes, section.number("channels", 3, least=1))))
        else:
            self.draft.input = str(section.number("inputs", least=1))

    @property
    def here(self) -> int:
        """The step whose volume arrives at a section."""
        return self.made[-1] if self.made else 0

    def section(self, section: Section, before: Section) -> int:
        """Add what a section does, and return the step that makes its volume."""
        if section.name in ("yolo", "region", "detection", "gaussian_yolo"):
            return self.head(section, before)
        if section.name in _SAME:
            return self.here
        reader = _MERGES.get(section.name)
        if reader is not None:
            return reader(self, section)
        layers = _LAYERS.get(section.name)
        if layers is None:
            section.refuse(*self.unknown(section.name))
        return self.draft.add([layer for layer in layers(section) if layer] or ["identity"], section.span, [self.here])

    def unknown(self, name: str) -> tuple[str, list[str]]:
        if name in _RECURRENT:
            return f"[{name}] is recurrent, and a spec has no layer that is", []
        hints = did_you_mean(name, [*_LAYERS, *_MERGES, *_SAME, "yolo", "region", "detection"])
        return f"a spec has no word for the section [{name}]", hints

    def head(self, section: Section, before: Section) -> int:
        """Let a head of YOLO be an output; the channels that it needs are those that arrive."""
        wanted = _channels_of(section)
        if wanted is not None and before.name in ("convolutional", "conv") and before.number("filters", 1) != wanted[0]:
            made = before.number("filters", 1)
            section.damaged(
                f"this [{section.name}] takes {wanted[0]} channels, {wanted[1]}, but {made} filters stand before it"
            )
        if self.here:
            self.heads.append(self.here)
        return self.here

    def at(self, section: Section, written: int) -> int:
        """Return the step that a number of a route means: counted from here, or from the first section."""
        number = written + len(self.made) if written < 0 else written
        if not 0 <= number < len(self.made):
            section.damaged(f"there is no layer {written} in front of layer {len(self.made)}")
        return self.made[number]

    def route(self, section: Section) -> int:
        inputs = [self.at(section, number) for number in section.numbers("layers")]
        groups, group = section.number("groups", 1, least=1), section.number("group_id", 0, least=0)
        if groups == 1:
            return self.draft.join("concat", inputs, section.span)
        if group >= groups:
            section.damaged(f"group_id={group} is not one of {groups} groups")
        part = f"slice {{{group}*C/{groups}}}:{{{group + 1}*C/{groups}}}"
        if len(inputs) == 1:
            return self.draft.add(part, section.span, inputs)
        parts = [self.draft.add(part, section.span, [index]) for index in inputs]
        return self.draft.join("concat", parts, section.span)

    def shortcut(self, section: Section) -> int:
        if section.text("weights_type", "none") != "none":
            section.refuse("its sum has learned weights, and an `add` has none")
        inputs = [self.here, *[self.at(section, number) for number in section.numbers("from")]]
        return self.draft.join("add", inputs, section.span, _activation(section, "linear"))

    def scale_channels(self, section: Section) -> int:
        inputs = [self.at(section, section.number("from")), self.here]
        return self.draft.join("mul", inputs, section.span, _activation(section, "linear"))


def _channels_of(section: Section) -> tuple[int, str] | None:
    """Return the channels that a head takes, and how they come about; None where they are not known."""
    if section.name == "detection":
        return None
    classes = section.number("classes", 20)
    if section.name == "region":
        count, values = section.number("num", 1), section.number("coords", 4) + 1
    else:
        count = len(section.numbers("mask")) if section.has("mask") else section.number("num", 1)
        values = 9 if section.name == "gaussian_yolo" else 5
    return count * (classes + values), f"{count}·({classes} + {values})"


def _activation(section: Section, usual: str) -> list[str]:
    name = section.text("activation", usual)
    if name not in _ACTIVATIONS:
        section.refuse(f"a spec has no word for the activation {quoted(name)}", did_you_mean(name, _ACTIVATIONS))
    return [_ACTIVATIONS[name]] if _ACTIVATIONS[name] else []


def _strides(section: Section, usual: int) -> tuple[int, int]:
    stride = section.number("stride", usual, least=1)
    return section.number("stride_y", stride, least=1), section.number("stride_x", stride, least=1)


def _option(prefix: str, numbers: tuple[int, int], usual: int) -> str:
    if numbers == (usual, usual):
        return ""
    return f" {prefix}{numbers[0]}" if numbers[0] == numbers[1] else f" {prefix}{numbers[0]}x{numbers[1]}"


def _convolution(section: Section) -> list[str]:
    size, filters, groups = (section.number(name, 1, least=1) for name in ("size", "filters", "groups"))
    if section.number("dilation", 1) != 1 or section.number("deform", 0):
        section.refuse("a convolution with a dilation or a deformation is not read")
    normalised = bool(section.number("batch_normalize", 0))
    pad = size // 2 if section.number("pad", 0) else section.number("padding", 0, least=0)
    options = _option("s", _strides(section, 1), 1) + _option("p", (pad, pad), 0)
    options += (f" g{groups}" if groups > 1 else "") + (" nobias" if normalised else "")
    return [f"conv {size}x{size}x{filters}{options}", "bn" if normalised else "", *_activation(section, "logistic")]


def _local(section: Section) -> list[str]:
    size, filters = (section.number(name, 1, least=1) for name in ("size", "filters"))
    pad = size // 2 if section.number("pad", 0) else 0
    options = _option("s", _strides(section, 1), 1) + _option("p", (pad, pad), 0)
    return [f"local {size}x{size}x{filters}{options}", *_activation(section, "logistic")]


def _deconvolution(section: Section) -> list[str]:
    size, filters = (section.number(name, 1, least=1) for name in ("size", "filters"))
    normalised = bool(section.number("batch_normalize", 0))
    pad = size // 2 if section.number("pad", 0) else section.number("padding", 0, least=0)
    options = _option("s", _strides(section, 1), 1) + _option("p", (pad, pad), 0) + (" nobias" if normalised else "")
    return [f"deconv {size}x{size}x{filters}{options}", "bn" if normalised else "", *_activation(section, "logistic")]


def _max_pool(section: Section) -> list[str]:
    strides = _strides(section, 1)
    size = section.number("size", strides[0], least=1)
    padding = section.number("padding", size - 1, least=0)
    if section.number("maxpool_depth", 0):
        section.refuse("a pool over channels is not read")
    pool = f"maxpool {size}x{size} s{strides[0]}" + (f"x{strides[1]}" if strides[0] != strides[1] else "")
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
        *_activation(section, "logistic"),
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


def _softmax(section: Section) -> list[str]:
    if section.number("groups", 1) != 1 or section.has("tree"):
        section.refuse("a softmax over groups or a tree is not read")
    return ["softmax"]


_LAYERS: Mapping[str, Callable[[Section], list[str]]] = {
    "convolutional": _convolution,
    "conv": _convolution,
    "deconvolutional": _deconvolution,
    "deconv": _deconvolution,
    "local": _local,
    "maxpool": _max_pool,
    "max": _max_pool,
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
    "activation": lambda section: _activation(section, "linear"),
    "logistic": lambda section: ["sigmoid"],
    "softmax": _softmax,
    "soft": _softmax,
}

_MERGES: Mapping[str, Callable[[_Reader, Section], int]] = {
    "route": _Reader.route,
    "shortcut": _Reader.shortcut,
    "scale_channels": _Reader.scale_channels,
    "sam": _Reader.scale_channels,
}

"""Modules of PyTorch as they are written in a text, in the words of a spec.

The layers themselves say what a module is (`Layer.from_torch`); here is the call that they are handed, which knows the
module's arguments and neither tensors nor volumes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.layers import Layer, layers
from cnncalc.layers.torch_calls import Signature, TorchCall, signatures
from cnncalc.layers.written import Pairs, Unsayable, Words, each, short, sides, words, written

_ANYWHERE = (
    "inplace",
    "device",
    "dtype",
    "affine",
    "track_running_stats",
    "bias",
    "elementwise_affine",
    "padding_mode",
    "mode",
)
"""Arguments of PyTorch's modules that the layers need not list."""

_SWITCHES = ("affine", "elementwise_affine")
"""Settings of norms that say whether they learn scales and shifts."""
_CHANNELS = ("in_channels", "num_features", "num_channels")
_DIMENSIONS = re.compile(r"([123])d$")
Layers = tuple[str, ...]


@cache
def modules() -> Mapping[str, list[tuple[type[Layer], Signature]]]:
    """Return the classes of PyTorch's modules by name, with the layers that they may be and what they are given."""
    found: dict[str, list[tuple[type[Layer], Signature]]] = {}
    for layer in layers():
        for signature in signatures(vars(layer).get("torch_calls", ())):
            if signature.is_module:
                found.setdefault(signature.name.rpartition(".")[2], []).append((layer, signature))
    return found


class TextCall:
    """A module's call as a text has it; the methods are explained at `TorchCall`."""

    first = None
    negated = False
    images_in_front = False
    channels_last = False

    def __init__(self, signature: Signature, given: Mapping[str, Any], before: Layers = ()) -> None:
        self.signature = signature
        self.given = given
        self.before = before
        self.name = signature.name.rpartition(".")[2]
        match = _DIMENSIONS.search(self.name)
        self.dimensions = int(match[1]) if match else 2

    def __getitem__(self, name: str) -> Any:
        value = self.given[name] if name in self.given else self.signature.usual.get(name)
        if name == "normalized_shape" and isinstance(value, int):
            return (value,)
        if name == "padding" and self.name.endswith(f"Pad{self.dimensions}d") and isinstance(value, int):
            return (value,) * (2 * self.dimensions)
        return value

    def __getattr__(self, name: str) -> Any:
        raise Unsayable("a text does not say enough for it; import the module itself")

    def groups_first(self, axis: Any) -> TextCall:
        """Return the call: the channels of a text are never parts of others."""
        return self

    def standardised(self, name: str) -> None:
        """Say that a weight is used as it is: a text computes no weights."""

    @property
    def source(self) -> Volume:
        return Volume.of((1,) * self.dimensions, self._channels or 2)

    @property
    def arriving(self) -> tuple[int, ...]:
        return (1, self.source.channels, *self.source.spatial)

    @property
    def made(self) -> tuple[int, ...]:
        factor = self["scale_factor"]
        if factor is None:
            raise Unsayable("the size that it makes needs the size of its input; import the module itself")
        return (
            1,
            self.source.channels,
            *map(int, factor if isinstance(factor, tuple) else (factor,) * self.dimensions),
        )

    @property
    def _channels(self) -> int | None:
        return next((self.given[name] for name in _CHANNELS if isinstance(self.given.get(name), int)), None)

    def learned(self, name: str) -> tuple[int, ...] | None:
        switch = next((each for each in _SWITCHES if each in self.signature.usual), None)
        if switch and name == "weight":
            return (1,) if self[switch] else None
        if switch and not self[switch]:
            return None
        if name == "bias":
            return None if self.given.get("bias") is False else (1,)
        if "out_features" in self.given:
            return self["out_features"], self["in_features"]
        if "kernel_size" not in self.given or "out_channels" not in self.given:
            return None
        kernel, groups = each(self["kernel_size"], self.dimensions), self["groups"]
        rows, columns = self["out_channels"], self["in_channels"]
        if "Transpose" in self.name:
            rows, columns = columns, rows
        return (rows, columns // groups, *kernel)

    def affine(self, word: str) -> bool:
        usual = self.signature.usual.get("affine", True)
        affine = bool(self.given.get("affine", self.given.get("elementwise_affine", usual)))
        if affine and self.given.get("bias") is False:
            raise Unsayable(f"its `{word}` has a scale and a shift or neither")
        return affine

    def keeps(self, name: str) -> bool:
        return bool(self.given.get("track_running_stats", "Instance" not in self.name))

    def common_value(self, name: str) -> None:
        """Know no values."""

    def fixed(self, name: str) -> None:
        """Know no values."""

    def settled(self) -> TextCall:
        return self

    def behind(self, result: Layers) -> TextCall:
        return TextCall(self.signature, self.given, result)

    def unchanged(self) -> Layers:
        return self.before

    def elementwise(self, layer: Words) -> Layers:
        return (*self.before, written(layer.word, layer.tokens))

    channelwise = elementwise

    def over_channels(self, layer: Words, axis: int) -> Layers:
        if axis not in (1, -1, -3):
            raise Unsayable("it works over the channels alone")
        return self.elementwise(layer)

    def along_channels(self) -> bool:
        return False

    def along(self, axis: int) -> tuple[str, int]:
        if axis not in (1, -1, -3):
            raise Unsayable("it works over the channels alone")
        return "channels", self.source.channels

    def widened(self, layer: Words, by: int) -> Layers:
        return self.elementwise(layer)

    def halved(self, layer: Words, axis: int) -> Layers:
        return self.over_channels(layer, axis)

    def sliding(self, layer: Words, volume: Volume | None = None) -> Layers:
        return self.elementwise(layer)

    def window(self, layer: Callable[[Pairs], Words], pads: Pairs, fill: float, **how: bool) -> Layers:
        return self.elementwise(layer(pads))

    def padded(self, pads: Pairs, fill: float) -> Layers:
        if fill:
            raise Unsayable("it pads with zeros")
        return self.elementwise(words("pad", sides("", pads)))

    def linear(self, outputs: int, vector: Words, positions: Words) -> Layers:
        return self.elementwise(vector)


def add_module(
    draft: Draft, name: str, positional: list[Any], given: dict[str, Any], span: Span, label: str = ""
) -> None:
    """Add a module of PyTorch to a draft.

    Raises:
        SpecError: ``cannot-import`` for a module or a setting that a spec has no word for.
    """
    if name in ("Identity", "Flatten"):
        if name == "Flatten" and (positional[:1] or [given.get("start_dim", 1)])[0] == 1:
            draft.add("flatten", span, name=label)
        return
    known = modules()
    if name not in known:
        hints = did_you_mean(name, known)
        draft.refuse(span, f"a spec has no word for the module {quoted(name)}", hints=hints)
    signature = known[name][0][1]
    if len(positional) > len(signature.arguments):
        draft.refuse(span, f"{name} takes at most {len(signature.arguments)} arguments here, not {len(positional)}")
    arguments = {**dict(zip(signature.arguments, positional, strict=False)), **given}
    _refuse_unknown(draft, name, signature, given, span)
    missing = [word for word in signature.arguments if word not in signature.usual and word not in arguments]
    if missing:
        draft.damaged(span, f"{name} needs its argument {quoted(missing[0])}")
    made = _read(draft, known[name], arguments, span)
    if made:
        _count(draft, arguments, name)
        draft.add(made, span, name=label, **_stated(arguments))


def _refuse_unknown(draft: Draft, name: str, signature: Signature, given: dict[str, Any], span: Span) -> None:
    allowed = (*signature.arguments, *_ANYWHERE)
    for word in given:
        if word not in allowed:
            draft.refuse(span, f"{name} has no argument {quoted(word)} here", hints=did_you_mean(word, allowed))


def _read(draft: Draft, known: list[tuple[type[Layer], Signature]], arguments: dict[str, Any], span: Span) -> Layers:
    """Ask the layers, one after the other, what a module is."""
    reason = ""
    for layer, signature in known:
        call = cast("TorchCall", TextCall(signature, arguments))
        try:
            made = layer.from_torch(call)
        except Unsayable as error:
            reason = reason or str(error)
        except (TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError, KeyError, OverflowError):
            continue  # a text where a number should stand, and the like
        else:
            if made is not None:
                return cast("Layers", made)
    name = known[0][1].name.rpartition(".")[2]
    if reason:
        draft.refuse(span, f"this {name} cannot be said: {reason}")
    draft.damaged(span, f"the arguments of this {name} cannot be read")


def _stated(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a module says about what arrives."""
    channels = next((arguments[name] for name in _CHANNELS if isinstance(arguments.get(name), int)), None)
    values = arguments.get("in_features")
    return {"channels": channels, "values": values if isinstance(values, int) else None}


def _count(draft: Draft, arguments: Mapping[str, Any], name: str) -> None:
    """Let the first module with weights say what the input is, as far as it does."""
    if draft.like or draft.input:
        return
    if isinstance(arguments.get("in_features"), int):
        if not draft.steps:
            draft.input = str(arguments["in_features"])
        return
    channels = next((arguments[key] for key in _CHANNELS if isinstance(arguments.get(key), int)), None)
    match = _DIMENSIONS.search(name)
    if channels is not None and match:
        draft.like = "x".join([*{"1": "L", "2": "HW", "3": "DHW"}[match[1]], short(channels)])

"""The configuration of a layer of Keras, and how its values are asked for."""

from __future__ import annotations

import re
from typing import NoReturn

from cnncalc.core.source import Span
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.keras_axes import Axes, is_of_channels
from cnncalc.foreign.literals import PlacedList, PlacedTable, whole
from cnncalc.foreign.written_sizes import joined

_SAME_NAME = "relu relu6 softmax sigmoid tanh elu selu celu gelu swish silu mish softplus softsign glu"
_ACTIVATIONS = {name: name for name in _SAME_NAME.split()} | {
    "linear": "",
    "log_softmax": "logsoftmax",
    "logSoftmax": "logsoftmax",
    "leaky_relu": "leakyrelu 0.2",
    "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish",
    "hard_swish": "hardswish",
    "hard_tanh": "hardtanh",
    "soft_sign": "softsign",
}


_OLD_ORDER = {"tf": "channels_last"}
"""What Keras 1 called the order of the axes."""


class KerasLayer:
    """A layer's configuration, and how its values are asked for."""

    def __init__(self, draft: Draft, kind: str, config: PlacedTable, span: Span, dimensions: int, axes: Axes) -> None:
        self.draft = draft
        self.axes = axes
        self.kind = kind
        self.config = config
        self.span = Span(span.start, span.start + 1)
        self.dimensions = dimensions
        if axes.channels_first and "channels_last" in (
            config.get("data_format"),
            _OLD_ORDER.get(str(config.get("dim_ordering"))),
        ):
            self.refuse("its channels come last, and those of other layers come first")

    def refuse(self, why: str) -> NoReturn:
        self.draft.refuse(self.span, f"this {self.kind} cannot be said: {why}")

    def is_of_channels(self, axis: object) -> bool:
        """Say whether an axis is that of the channels."""
        return is_of_channels(axis, *self.axes)

    def spatial_axes(self) -> list[int]:
        """Return the axes that are not those of the images and the channels."""
        first = 2 if self.axes.channels_first else 1
        return list(range(first, first + self.axes.spatial))

    def number(self, name: str, usual: int | None = None) -> int:
        """Return a whole number."""
        found = whole(self.config.get(name), usual)
        if found is None:
            what = quoted(self.config[name]) if name in self.config else "missing"
            self.draft.damaged(self.span, f"the {name} of this {self.kind} is {what}")
        return found

    def sizes(self, name: str, usual: int | None = None) -> tuple[int, ...]:
        """Return one number per dimension."""
        value = self.config.get(name)
        if (
            isinstance(value, PlacedList)
            and len(value) == self.dimensions
            and all(whole(each) is not None for each in value)
        ):
            return tuple([int(each) for each in value])
        return (self.number(name, usual),) * self.dimensions

    def decimal(self, name: str, usual: float) -> float:
        """Return a number."""
        value = self.config.get(name, usual)
        if isinstance(value, PlacedTable):  # Keras 3 writes arrays as tables
            value = (
                value.get("config", {}).get("value", usual) if isinstance(value.get("config"), PlacedTable) else usual
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            self.draft.damaged(self.span, f"the {name} of this {self.kind} is {quoted(value)}")
        return float(value)

    def padding(self) -> str:
        padding = str(self.config.get("padding", "valid")).lower()
        if padding not in ("same", "valid"):
            self.refuse(f"its padding is {quoted(padding)}")
        return " same" if padding == "same" else ""

    def bias(self) -> str:
        return "" if self.config.get("use_bias", True) else " nobias"

    def activation(self, usual: str = "linear") -> str:
        value = self.config.get("activation", usual)
        if isinstance(value, PlacedTable):
            value = value.get("class_name", value.get("registered_name"))
            value = re.sub(r"(?<!^)(?=[A-Z])", "_", str(value)).lower() if value else usual
        if value is None:
            return ""
        if str(value) not in _ACTIVATIONS:
            hints = did_you_mean(str(value), _ACTIVATIONS)
            self.draft.refuse(self.span, f"a spec has no word for the activation {quoted(value)}", hints=hints)
        return _ACTIVATIONS[str(value)]

    def kernel(self) -> str:
        return joined(self.sizes("kernel_size"))

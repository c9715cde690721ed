"""``thop``: the profile of thop (pytorch-OpCounter), which YOLO and many repositories of papers use."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.counters.counter import CountRule, ForeignCounter, Rules
from cnncalc.counters.formulas import convolved, each_arriving, each_made, multiplied
from cnncalc.counters.tensor_call import TensorCall

_UPSAMPLED = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}
"""What each value counts that an enlargement makes; other ways count nothing."""


def _norm(call: TensorCall) -> int:
    return call.values_arriving * (4 if call.tensors else 2)


def _adaptive(call: TensorCall) -> int:
    """Return the values of a window and a division for each value made; the mean window may be a fraction."""
    window = 1.0
    for arriving, made in zip(call.arriving[2:], call.made[2:], strict=True):
        window *= arriving / made
    return int((window + 1) * call.values_made)


def _softmax(call: TensorCall) -> int:
    """Return an exponential and a division for each value, and the sum of each softmax."""
    each: int = call.arriving[call.settings["dim"]]
    return call.values_arriving // each * (3 * each - 1)


def _upsampled(call: TensorCall) -> int:
    return call.values_made * _UPSAMPLED.get(call.settings.get("mode", "nearest"), 0)


_NOTHING = CountRule(each_made(0), "nothing")
_NORM = CountRule(_norm, "{arriving} for each input value")


class Thop(ForeignCounter):
    """Counts modules by their class, and passes over functions."""

    name = "thop"
    release = "0.1.1.post2209072238"
    unit = "operations, which it calls ops or MACs"
    account = (
        "It counts modules of the classes that it has rules for; of other modules, group norms among them, not even"
        " the parameters.",
        "A norm counts 4 for each value (2 without a learned scale).",
        "It passes over all functions, biases, activations, max pools, and sums and products.",
    )
    modules: ClassVar[Rules] = {
        "Conv": CountRule(convolved, "its multiplications; a bias counts nothing"),
        "ConvTranspose": CountRule(convolved, "output values × input channels × kernel, as if it were not transposed"),
        "Linear": CountRule(multiplied, "its multiplications; a bias counts nothing"),
        "BatchNorm": _NORM,
        "LayerNorm": _NORM,
        "InstanceNorm": _NORM,
        "AvgPool": CountRule(each_made(1), "1 for each output value"),
        "AdaptiveAvgPool": CountRule(_adaptive, "the values of its window + 1 for each output value"),
        "PReLU": CountRule(each_arriving(1), "1 for each input value"),
        "Softmax": CountRule(_softmax, "3 for each value, less 1 for each softmax"),
        "Upsample": CountRule(_upsampled, "{made} for each output value"),
        **dict.fromkeys(("Dropout", "LeakyReLU", "PixelShuffle", "ReLU", "ReLU6"), _NOTHING),
        **dict.fromkeys(("AdaptiveMaxPool", "MaxPool"), _NOTHING),
    }

    def params(self, call: TensorCall) -> int:
        """Return the parameters of a module that it has a rule for."""
        return super().params(call) if call.is_module and self.rule(call) else 0

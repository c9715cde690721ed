"""``ptflops``: get_model_complexity_info of ptflops, with its backend ``pytorch``."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from cnncalc.counters.counter import CountRule, ForeignCounter, Rules
from cnncalc.counters.formulas import biases, convolved, each_arriving, each_made, multiplied, transposed
from cnncalc.counters.tensor_call import TensorCall


def _norm(call: TensorCall) -> int:
    """Return what a norm counts; a layer norm has its scale under another name, which is not looked for."""
    return call.values_arriving * (2 if call.tensors and call.kind != "LayerNorm" else 1)


def _resized(call: TensorCall) -> int:
    """Return the values that an interpolation makes, as it works them out from the size or the factor."""
    if "size" in call.settings:
        return call.values_made
    factor = call.settings["scale_factor"]
    if isinstance(factor, tuple):
        return call.values_arriving * prod(map(int, factor))
    return int(call.values_arriving * factor ** (len(call.arriving) - 2))


_EACH_ARRIVING = CountRule(each_arriving(1), "1 for each input value")
_EACH_MADE = CountRule(each_made(1), "1 for each output value")
_NORM = CountRule(_norm, "{arriving} for each input value")


class Ptflops(ForeignCounter):
    """Counts modules, and once more the functions that they call."""

    name = "ptflops"
    release = "0.7.5"
    unit = "operations, which it calls MACs"
    account = (
        "It counts modules and also functions, so that the modules of activations and pools count twice: as a module,"
        " and as the function that the module calls.",
        "It counts biases. It passes over sums and products that are written with a sign (+, *).",
    )
    modules: ClassVar[Rules] = {
        "Conv": CountRule(lambda call: convolved(call) + biases(call), "its multiplications and biases"),
        "ConvTranspose": CountRule(lambda call: transposed(call) + biases(call), "its multiplications and biases"),
        "Linear": CountRule(lambda call: multiplied(call) + biases(call), "its multiplications and biases"),
        **dict.fromkeys(("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm"), _NORM),
        **dict.fromkeys(("ReLU", "PReLU", "ELU", "LeakyReLU", "ReLU6", "GELU", "Upsample"), _EACH_MADE),
        **dict.fromkeys(("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool"), _EACH_ARRIVING),
    }
    functions: ClassVar[Rules] = {
        **dict.fromkeys(("relu", "prelu", "elu", "gelu", "silu", "softmax"), _EACH_ARRIVING),
        **dict.fromkeys(("max_pool", "avg_pool", "adaptive_max_pool", "adaptive_avg_pool"), _EACH_ARRIVING),
        **dict.fromkeys(("Tensor.mul", "Tensor.add"), _EACH_ARRIVING),
        "bmm": CountRule(multiplied, "its multiplications"),
        "interpolate": CountRule(_resized, "1 for each output value"),
    }

    def params(self, call: TensorCall) -> int:
        """Return its parameters, each of which is counted once, whichever modules it belongs to."""
        return 0 if call.tied else super().params(call)

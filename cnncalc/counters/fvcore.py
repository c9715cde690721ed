"""``fvcore``: FlopCountAnalysis of Meta's fvcore, which detectron2 and many papers use."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.counters.counter import CountRule, ForeignCounter, Rules
from cnncalc.counters.formulas import convolved, each_arriving, each_made, multiplied, transposed
from cnncalc.counters.tensor_call import TensorCall


def _batch_norm(call: TensorCall) -> int:
    """Return what a batch norm counts: less than other norms where it uses its running statistics."""
    if call.settings.get("training"):
        return _norm(call)
    return call.values_arriving * (2 if "weight" in call.tensors else 1)


def _norm(call: TensorCall) -> int:
    return call.values_arriving * (5 if "weight" in call.tensors else 4)


_NORM = CountRule(_norm, "{arriving} for each input value")


class Fvcore(ForeignCounter):
    """Counts PyTorch's functions, in a trace of the module."""

    name = "fvcore"
    release = "0.1.5.post20221221"
    unit = "multiply-adds, which it calls flops"
    traces = True
    account = (
        "It counts functions in a trace, whichever module calls them, with the running statistics of batch norms.",
        "A batch norm counts 2 for each value (1 without a learned scale), other norms 5 (4).",
        "It passes over biases, activations, max and average pools with a window, softmax, and sums and products.",
    )
    functions: ClassVar[Rules] = {
        "conv": CountRule(convolved, "its multiplications; a bias counts nothing"),
        "conv_transpose": CountRule(transposed, "its multiplications; a bias counts nothing"),
        "linear": CountRule(multiplied, "its multiplications; a bias counts nothing"),
        "bmm": CountRule(multiplied, "its multiplications"),
        "batch_norm": CountRule(_batch_norm, "{arriving} for each input value"),
        "group_norm": _NORM,
        "layer_norm": _NORM,
        "instance_norm": _NORM,
        "adaptive_avg_pool2d": CountRule(each_arriving(1), "1 for each input value"),
        "upsample_nearest2d": CountRule(each_made(1), "1 for each output value"),
        "upsample_bilinear2d": CountRule(each_made(4), "4 for each output value"),
    }

    def rule(self, call: TensorCall) -> CountRule | None:
        """Return the rule for a call; PyTorch has a function of its own for each way to interpolate."""
        if call.name == "interpolate" and not call.is_module:
            mode = call.settings.get("mode", "nearest")
            return self.functions.get(f"upsample_{mode}{len(call.arriving) - 2}d")
        return super().rule(call)

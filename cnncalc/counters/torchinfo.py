"""``torchinfo``: the ``mult-adds`` of torchinfo's summary."""

from __future__ import annotations

from math import prod

from cnncalc.counters.counter import CountRule, ForeignCounter
from cnncalc.counters.formulas import positions
from cnncalc.counters.tensor_call import TensorCall


def _named(call: TensorCall) -> int:
    """Return the parameters that are called weight or bias."""
    return sum([prod(shape) for name, shape in call.tensors.items() if name in ("weight", "bias")])


_CONVOLUTION = CountRule(lambda call: _named(call) * positions(call), "its weights and biases, at every position made")
_OTHER = CountRule(_named, "its weights and biases, once")


class Torchinfo(ForeignCounter):
    """Counts the parameters of modules, at every position of a convolution."""

    name = "torchinfo"
    release = "1.8.0"
    unit = "mult-adds"
    account = (
        "It counts the parameters called weight and bias of every module: of a convolution at every position that it"
        " makes, of any other module once, so that norms count next to nothing.",
        "It passes over all functions, and over modules without parameters: activations and pools.",
    )

    def rule(self, call: TensorCall) -> CountRule | None:
        """Return the rule for a module with parameters; a convolution is what has Conv in the name of its class."""
        if not call.is_module or not call.tensors:
            return None
        return _CONVOLUTION if "Conv" in call.name else _OTHER

"""What the converter makes of layers that change single values: norms and activations."""

from __future__ import annotations

from cnncalc.microcontrollers.conversion import WHAT, Conversion
from cnncalc.microcontrollers.convert_windows import bias_of
from cnncalc.microcontrollers.graph import Operator, TfliteTensor
from cnncalc.to_foreign.keras_model import KerasCall

_FOLDS_A_NORM = frozenset(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"))
_WITH_BIAS = {"FULLY_CONNECTED": 3, "TRANSPOSE_CONV": 4}
"""How many inputs operators have whose bias may be missing, when it is there."""

_FUSES_AN_ACTIVATION = _FOLDS_A_NORM | {"ADD", "SUB", "MUL", "MAX_POOL_2D", "AVERAGE_POOL_2D"}


def batch_norm(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Nothing behind a convolution, whose weights and bias take it in; else ``MUL`` and ``ADD``."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        return with_shift(to, call, producer)
    channels = (source.shape[-1],)
    product = to.add(call, "MUL", (source, to.learned(call, "scale", channels)), source.shape)
    return to.add(call, "ADD", (product, to.learned(call, "shift", channels)), source.shape)


def with_shift(to: Conversion, call: KerasCall, producer: Operator) -> TfliteTensor:
    """Put a convolution, whose bias has a shift in it, in the place of both."""
    inputs = producer.inputs
    if len(inputs) < _WITH_BIAS.get(producer.kind, 0):
        inputs = (*inputs, bias_of(to, call, inputs[1].shape[0]))
    return to.instead(producer, inputs=inputs)


def activation(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """The activation that is named: fused with the operator in front, or one operator, or several."""
    name = call.config["activation"]
    if name in ("relu", "relu6"):
        producer = to.producer(source)
        if producer and _fuses(producer) and to.alone(call) and not producer.activation:
            return to.instead(producer, activation=name)
    if name == "hard_sigmoid":
        return hard_sigmoid(to, call, source)
    if name == "silu":
        return to.add(call, "MUL", (source, to.add(call, "LOGISTIC", (source,), source.shape)), source.shape)
    if name not in _ACTIVATIONS:
        raise to.fault(call, f"{WHAT} has no int8 kernel for `{call.node.layer.kind}`")
    return to.add(call, _ACTIVATIONS[name], (source,), source.shape)


def _fuses(producer: Operator) -> bool:
    """Say whether an operator takes in the activation behind it; a transposed convolution does where it has a bias."""
    return producer.kind in _FUSES_AN_ACTIVATION and not _is_bare(producer)


def _is_bare(producer: Operator) -> bool:
    """Say whether an operator is a transposed convolution without a bias."""
    return producer.kind == "TRANSPOSE_CONV" and len(producer.inputs) < _WITH_BIAS["TRANSPOSE_CONV"]


def _with_sum(to: Conversion, call: KerasCall, producer: Operator) -> TfliteTensor:
    """Put a convolution in the place of itself and of the sum with one number behind it.

    The converter makes that one number the bias of a transposed convolution that has none, whatever its filters are,
    and stops at it.
    """
    if _is_bare(producer) and producer.output.shape[-1] > 1:
        message = f"TensorFlow's converter cannot put the sum of `{call.node.layer.kind}` into a `deconv nobias`"
        raise to.fault(call, message, "leave out `nobias`, or put a `bn` between the two")
    return with_shift(to, call, producer)


_ACTIVATIONS = {
    "relu": "RELU",
    "relu6": "RELU6",
    "tanh": "TANH",
    "sigmoid": "LOGISTIC",
    "softmax": "SOFTMAX",
    "log_softmax": "LOG_SOFTMAX",
    "hard_silu": "HARD_SWISH",
}


def hard_sigmoid(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``ADD`` of 3 with a fused relu6, and ``MUL`` by a sixth."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        _with_sum(to, call, producer)
        total = to.instead(to.graph.operators[-1], activation="relu6")
    else:
        total = to.add(call, "ADD", (source, to.number(3.0)), source.shape, activation="relu6")
    return to.add(call, "MUL", (total, to.number(1 / 6)), source.shape)


def rescaled(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``MUL`` or ``ADD`` with one number; weights and bias of a convolution in front take it in."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        return _with_sum(to, call, producer) if "offset" in call.config else to.instead(producer)
    offset = call.config.get("offset", 0.0)
    kind, number = ("ADD", offset) if "offset" in call.config else ("MUL", call.config["scale"])
    return to.add(call, kind, (source, to.number(number)), source.shape)


def prelu(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``PRELU``"""
    ones = call.config.get("shared_axes", ())
    shape = tuple([1 if axis in ones else size for axis, size in enumerate(source.shape[1:], 1)])
    return to.add(call, "PRELU", (source, to.learned(call, "slopes", shape)), source.shape)


def unchanged(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Nothing: after training, dropout does nothing."""
    return source

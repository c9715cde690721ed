"""What the converter makes of merges: broadcasts, and scales that must be equal."""

from __future__ import annotations

from cnncalc.microcontrollers.conversion import WHAT, Conversion, Convert
from cnncalc.microcontrollers.graph import Operator, TfliteTensor
from cnncalc.microcontrollers.operators import MOST_CONCATENATED
from cnncalc.to_foreign.keras_model import KerasCall


def one_operator(kind: str) -> Convert:
    """Return the function for a layer that is one operator on its inputs, all of one shape."""

    def write(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
        shape = tuple(max(sizes) for sizes in zip(*[source.shape for source in sources], strict=True))
        if kind in _BROADCASTS:
            sources = tuple([without_reshape(to, source) for source in sources])
        if kind in _OF_ONE_SCALE:
            sources = with_one_scale(to, call, sources)
        if kind == "ADD" and {len(source.shape) for source in sources} == {2}:
            sources = (sources[0], as_bias(to, call, sources[1]))
        return to.add(call, kind, sources, shape)

    return write


_OF_ONE_SCALE = frozenset(("MAXIMUM", "MINIMUM"))
_OF_A_FIXED_SCALE = frozenset(("LOGISTIC", "TANH", "SOFTMAX", "LOG_SOFTMAX"))
_KEEP_A_SCALE = frozenset(
    ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "TRANSPOSE", "PAD", "STRIDED_SLICE", "RESIZE_BILINEAR")
)
_BROADCASTS = frozenset(("ADD", "SUB", "MUL"))


def with_one_scale(to: Conversion, call: KerasCall, sources: tuple[TfliteTensor, ...]) -> tuple[TfliteTensor, ...]:
    """Put ``QUANTIZE`` behind operators whose scale is fixed, where all that a merge reads must have one scale."""
    return tuple([requantised(to, call, source) for source in sources])


def requantised(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Return a tensor whose scale is free; operators that keep a scale keep the fixed one of what they read."""
    behind: list[Operator] = []
    made = to.producer(source)
    while made is not None and made.kind in _KEEP_A_SCALE:
        behind.append(made)
        made = to.producer(made.inputs[0])
    if made is None or made.kind not in _OF_A_FIXED_SCALE:
        return source
    found = to.add(call, "QUANTIZE", (made.output,), made.output.shape)
    if to.graph.operators[-1].output is found:
        to.graph.operators.insert(to.graph.operators.index(made) + 1, to.graph.operators.pop())
    if not behind:
        return found
    first = behind[-1]
    changed = first._replace(inputs=(found, *first.inputs[1:]))
    to.graph.operators[to.graph.operators.index(first)] = changed
    return source


def without_reshape(to: Conversion, source: TfliteTensor) -> TfliteTensor:
    """Return what a ``RESHAPE`` of N x C to N x 1 x 1 x C reads, which is not needed to broadcast."""
    made = to.producer(source)
    if made is None or made.kind != "RESHAPE" or len(made.inputs[0].shape) != 2 or set(source.shape[:-1]) != {1}:
        return source
    to.graph.operators.remove(made)
    return made.inputs[0]


def as_bias(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``RESHAPE`` of the second of two vectors that are added to C values, as a bias has them, where it is made."""
    shape = (source.shape[-1],)
    made = to.producer(source)
    found = to.add(call, "RESHAPE", (source, to.setting(shape, (1,))), shape)
    if made is not None and to.graph.operators[-1].output is found:
        to.graph.operators.insert(to.graph.operators.index(made) + 1, to.graph.operators.pop())
    return found


def concatenated(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
    """``CONCATENATION``"""
    if len(sources) > MOST_CONCATENATED:
        raise to.fault(call, f"{WHAT} concatenates {MOST_CONCATENATED} volumes at most")
    channels = sum(source.shape[-1] for source in sources)
    sources = with_one_scale(to, call, sources)
    return to.add(call, "CONCATENATION", sources, (*sources[0].shape[:-1], channels))


def averaged(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
    """The sum, and its product with one number."""
    if len(call.inputs) > 2:
        raise to.fault(call, "the mean of more than two volumes is not predicted")
    total = one_operator("ADD")(to, call, *sources)
    return to.add(call, "MUL", (total, to.learned(call, "share", ())), total.shape)

"""How torchvision writes its classifiers, where other tools see it: functions in place of modules, and own classes.

A spec says what is computed, and not how the code of a network writes it. The counters of modules see the difference:
a pool that is called as a function is none to them. `count_like` counts what ``cnncalc export`` writes, and with
`torchvision_writing` what torchvision has, so that a number that was published for its network is found again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from cnncalc import zoo
from cnncalc.counters.calls import LayerCalls
from cnncalc.counters.tensor_call import Shape, TensorCall
from cnncalc.network import Network

Calls = tuple[TensorCall, ...]


class CodeHabit(NamedTuple):
    """A habit of a family of classifiers: how some of its layers are written.

    Attributes:
        module: the module that ``cnncalc export`` writes for them.
        change: from the calls of such a layer to those that torchvision has.
        says: the same in words.
        which: those of the layers that are so written, in execution order.

    """

    module: str
    change: Callable[[LayerCalls], Calls]
    says: str
    which: slice = slice(None)


def _as_function(layer: LayerCalls) -> Calls:
    return tuple([call._replace(is_inside=False) for call in layer.calls if not call.is_module])


def _as_mean(layer: LayerCalls) -> Calls:
    return tuple([call._replace(name="mean") for call in _as_function(layer)])


def _as_linear(layer: LayerCalls) -> Calls:
    """Return a 1x1 convolution as a fully connected layer at every position."""
    if layer.calls[0].kernel > 1 or layer.calls[0].groups > 1:
        return layer.calls
    return tuple([_linear(call, "Linear" if call.is_module else "linear") for call in layer.calls])


def _linear(call: TensorCall, name: str) -> TensorCall:
    return call._replace(name=name, arriving=_channels_last(call.arriving), made=_channels_last(call.made))


def _channels_last(shape: Shape) -> Shape:
    return (shape[0], *shape[2:], shape[1])


def _as_own_norm(layer: LayerCalls) -> Calls:
    """Return a layer norm that does not stand behind a depthwise convolution as a norm of torchvision's own class."""
    found = layer.calls[0]
    if found.name != "movedim" or layer.behind == "dwconv":
        return layer.calls
    return tuple([call._replace(is_own=call.is_module) for call in layer.calls])


def _as_product(layer: LayerCalls) -> Calls:
    """Return a learned factor as a parameter of the block around it."""
    return tuple([call._replace(is_module=False) for call in layer.calls])


_FUNCTION = "are called as functions"
_MEAN = (CodeHabit("AdaptiveAvgPool2d", _as_mean, "the global average pool is x.mean([2, 3])"),)

FAMILIES: Mapping[str, tuple[CodeHabit, ...]] = {
    r"convnext_(tiny|small|base|large)": (
        CodeHabit("Conv2d", _as_linear, "1x1 convolutions are nn.Linear at every position"),
        CodeHabit("LearnedFactor", _as_product, "learned scales are parameters of blocks, and no modules"),
        CodeHabit("LayerNorm", _as_own_norm, "layer norms outside of blocks are of a class of its own, LayerNorm2d"),
    ),
    r"densenet\d+": (
        CodeHabit("AdaptiveAvgPool2d", _as_function, "the last average pool is called as a function"),
        CodeHabit("ReLU", _as_function, "the last ReLU is called as a function", slice(-1, None)),
    ),
    "googlenet": (CodeHabit("ReLU", _as_function, f"ReLUs {_FUNCTION}"),),
    "inception_v3": (
        CodeHabit("ReLU", _as_function, f"ReLUs {_FUNCTION}"),
        CodeHabit("AvgPool2d", _as_function, f"average pools {_FUNCTION}"),
        CodeHabit("MaxPool2d", _as_function, f"all max pools but the first two {_FUNCTION}", slice(2, None)),
    ),
    r"mnasnet\d_\d+": _MEAN,
    "mobilenet_v2": (CodeHabit("AdaptiveAvgPool2d", _as_function, "the average pool is called as a function"),),
    r"shufflenet_v2_x\d_\d": _MEAN,
}
"""By patterns of their names; all others of torchvision's classifiers are written as ``cnncalc export`` does."""


def habits_of(network: Network) -> tuple[CodeHabit, ...]:
    """Return how torchvision writes a network otherwise than it is exported; () for what is no spec of the zoo."""
    source = zoo.spec(network.source.name)
    return code_habits(source.name) if source and source.text == network.source.text else ()


def code_habits(name: str) -> tuple[CodeHabit, ...]:
    """Return the habits of the classifier of torchvision that has a name; () where it is written as exported."""
    return next((habits for pattern, habits in FAMILIES.items() if re.fullmatch(pattern, name)), ())


def as_torchvision(layers: Iterable[LayerCalls], habits: Iterable[CodeHabit]) -> Iterator[LayerCalls]:
    """Yield the calls of layers as torchvision's code has them."""
    every = list(layers)
    by_module = {habit.module: habit for habit in habits}
    found = Counter[str]()
    names = [next((call.name for call in layer.calls if call.name in by_module), "") for layer in every]
    totals = Counter(names)
    for layer, name in zip(every, names, strict=True):
        place, found[name] = found[name], found[name] + 1
        habit = by_module.get(name)
        chosen = habit is not None and place in range(totals[name])[habit.which]
        yield layer._replace(calls=habit.change(layer)) if habit and chosen else layer

"""What an optimizer keeps between its steps, and what its step needs for a moment.

Measured with ``torch.distributed._tools.mem_tracker.MemTracker`` on PyTorch 2.14; the tests measure it again.
``fused`` updates all parameters in one kernel and needs nothing beside. ``foreach``, PyTorch's own choice on CUDA,
makes its intermediate results for all parameters at once. ``loop``, its choice on the CPU, makes them for one
parameter after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

IMPLEMENTATIONS = ("foreach", "fused", "loop")


class Optimizer(NamedTuple):
    """What an optimizer of PyTorch needs, in tensors of the size of a parameter.

    Attributes:
        moments: those that it keeps for each parameter, momentum apart.
        counts: whether it keeps the number of steps for each parameter, a float32.
        foreach, loop: temporaries of a step.
        decayed_foreach, decayed_loop: temporaries that weight decay adds.
        fused: whether PyTorch has a fused step.
        momentum: what it has if nothing is said; None for one that has no momentum of this kind.
        weight_decay: what it has if nothing is said.

    """

    moments: int
    counts: bool
    foreach: int
    loop: int
    decayed_foreach: int
    decayed_loop: int
    fused: bool
    momentum: float | None
    weight_decay: float


OPTIMIZERS = {
    "sgd": Optimizer(0, False, 0, 0, 1, 1, fused=True, momentum=0.9, weight_decay=5e-4),
    "adamw": Optimizer(2, True, 1, 2, 0, 0, fused=True, momentum=None, weight_decay=1e-2),
    "adam": Optimizer(2, True, 1, 2, 0, 1, fused=True, momentum=None, weight_decay=0.0),
    "rmsprop": Optimizer(1, True, 1, 1, 1, 1, fused=False, momentum=0.0, weight_decay=0.0),
    "adadelta": Optimizer(2, True, 2, 2, 1, 1, fused=False, momentum=None, weight_decay=0.0),
}
"""Momentum and weight decay are PyTorch's, but those of ``sgd`` are what image classifiers are trained with."""


def step_scratch(optimizer: Optimizer, implementation: str, *, decays: bool, parameters: Sequence[int]) -> int:
    """Return the bytes that a step needs for a moment, given the bytes of every parameter in order."""
    if implementation == "fused":
        return 0
    if implementation == "foreach":
        return (optimizer.foreach + decays * optimizer.decayed_foreach) * sum(parameters)
    temporaries = optimizer.loop + decays * optimizer.decayed_loop
    lasting = min(1, optimizer.loop)  # one of a parameter's lasts until the next one's takes its name
    before = [0, *parameters]
    return max([temporaries * own + lasting * last for own, last in zip(parameters, before, strict=False)], default=0)

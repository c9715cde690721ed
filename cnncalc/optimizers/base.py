"""What every optimizer answers: how PyTorch makes it, its usual settings, its state and the memory of a step.

An optimizer is one class in one file of this folder. Recipes, the help, checkpoints, training and the prediction of
memory walk over the registry and ask these questions. Importing this package imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import torch

IMPLEMENTATIONS = ("foreach", "fused", "loop")
"""How PyTorch runs a step: ``fused`` in one kernel for all parameters, ``foreach`` operation by operation for all
parameters at once (its own choice on CUDA), ``loop`` for one parameter after the other (its own choice on CPUs)."""


class StepSettings(Protocol):
    """The settings of a recipe that an optimizer may read."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def nesterov(self) -> bool: ...
    @property
    def beta2(self) -> float: ...
    @property
    def rho(self) -> float: ...
    @property
    def eps(self) -> float: ...


class StepMemory(NamedTuple):
    """What the temporaries of a step depend on.

    Attributes:
        implementation: one of `IMPLEMENTATIONS`.
        decays: whether weight decay is on.
        parameters: bytes of every learned tensor, in order.
        matrices: rows and columns of every weight of a convolution or fully connected layer, in order.
        on_cuda: whether the step runs on a graphics card.

    """

    implementation: str
    decays: bool
    parameters: Sequence[int]
    matrices: Sequence[tuple[int, int]]
    on_cuda: bool


class Optimizer:
    """A rule that updates parameters by their gradients.

    Temporaries are counted in tensors of a parameter's size. They were measured with
    ``torch.distributed._tools.mem_tracker.MemTracker`` (PyTorch 2.14); the tests measure them again.

    Attributes:
        name: how recipes and options write it.
        learning_rate, weight_decay: what it is used with where nothing else is said.
        momentum: likewise, where a momentum takes memory only if it is set; None for optimizers without one.
        reads: the settings of a recipe that it reads, each with the term that the field uses for it there.
        implementations: the ways in which its step can run.
        trains_with: the one that ``cnncalc train`` uses.
        moments: tensors of a parameter's size that it keeps for each parameter, apart from a momentum that is set.
        scalars: the entries of its state that are single numbers for each parameter, four bytes each.
        foreach, loop: temporaries of a step in these implementations; fused steps have none.
        decayed_foreach, decayed_loop: temporaries that weight decay adds.
        whole_matrices: whether its step needs a weight with its shape, so that no part of one can be stepped alone.

    """

    name: ClassVar[str]
    learning_rate: ClassVar[float]
    weight_decay: ClassVar[float]
    momentum: ClassVar[float | None] = None
    reads: ClassVar[Mapping[str, str]] = {}
    implementations: ClassVar[tuple[str, ...]] = IMPLEMENTATIONS
    trains_with: ClassVar[str] = "fused"
    moments: ClassVar[int] = 0
    scalars: ClassVar[tuple[str, ...]] = ()
    foreach: ClassVar[int] = 0
    loop: ClassVar[int] = 0
    decayed_foreach: ClassVar[int] = 0
    decayed_loop: ClassVar[int] = 0
    whole_matrices: ClassVar[bool] = False

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        """Return PyTorch's optimizer for groups of parameters, each with its ``weight_decay``. Imports torch.

        The first group holds the weights of convolutions and fully connected layers, in the network's order.
        """
        raise NotImplementedError

    def step_bytes(self, step: StepMemory) -> int:
        """Return the bytes that the temporaries of a step take at its peak."""
        if step.implementation == "fused":
            return 0
        if step.implementation == "foreach":
            return (self.foreach + step.decays * self.decayed_foreach) * sum(step.parameters)
        temporaries = self.loop + step.decays * self.decayed_loop
        lasting = min(1, self.loop)  # one of a parameter's lasts until the next one's takes its name
        before = [0, *step.parameters]
        own_and_last = zip(step.parameters, before, strict=False)
        return max([temporaries * own + lasting * last for own, last in own_and_last], default=0)


OPTIMIZERS: dict[str, Optimizer] = {}
"""Every optimizer by its name."""

O = TypeVar("O", bound=type[Optimizer])  # noqa: E741


def register(optimizer: O) -> O:
    """Register an optimizer under its name; the same name twice is an error in the code."""
    if optimizer.name in OPTIMIZERS:
        raise ValueError(f"two optimizers are called {optimizer.name!r}")
    OPTIMIZERS[optimizer.name] = optimizer()
    return optimizer


def readers(setting: str) -> str:
    """Return the optimizers that read a setting, by the field's term for it: ``Momentum (sgd) or β1 (adam, adamw)``."""
    by_term: dict[str, list[str]] = {}
    for optimizer in OPTIMIZERS.values():
        if setting in optimizer.reads:
            by_term.setdefault(optimizer.reads[setting], []).append(optimizer.name)
    return " or ".join(f"{term} ({', '.join(names)})" for term, names in sorted(by_term.items()))


def with_momentum() -> Iterator[str]:
    """Go through the names of the optimizers whose momentum takes memory only if it is set."""
    return (name for name, optimizer in OPTIMIZERS.items() if optimizer.momentum is not None)

"""What is run, as far as memory depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnncalc.analysis.validation import check_choice, check_flag, check_number, check_whole
from cnncalc.core.errors import ArgumentError
from cnncalc.core.precision import AUTOCAST, SPELLINGS
from cnncalc.core.words import listed
from cnncalc.optimizers import IMPLEMENTATIONS, OPTIMIZERS, Optimizer, with_momentum

DEVICES = ("cuda", "cpu")

BLOCK = {"cuda": 512, "cpu": 1}
"""What memory is handed out in: PyTorch's CUDA allocator rounds every tensor up to 512 bytes."""

CUBLAS_WORKSPACE = 8_519_680
"""Bytes that cuBLAS takes through PyTorch's allocator, 2·4 MiB + 8·16 KiB (CUBLAS_WORKSPACE_CONFIG in its docs)."""


@dataclass(frozen=True)
class TrainingSetup:
    """A training step or an inference.

    Attributes:
        batch: images of one step of the optimizer.
        optimizer: its name in `cnncalc.optimizers`: ``sgd``, ``adamw``, ``adam``, ``rmsprop``, ``adadelta``, ``muon``.
        implementation: how its step runs: ``foreach``, ``fused`` or ``loop``.
        precision: ``float32``, or autocast to ``bf16`` or ``fp16``; parameters stay float32.
        momentum, weight_decay: those of the optimizer; None for what it has if nothing is said.
        accumulate: how many passes a step is split into, of ⌈batch/accumulate⌉ images each.
        ema: whether a moving average of parameters and buffers is kept.
        checkpointing: whether the activations inside of blocks are computed again in the backward pass.
        inplace: whether activations write over their input where that is safe, as `cnncalc.build` makes them.
        inference: whether it is a forward pass under ``no_grad`` in eval mode, not a step of training.
        device: ``cuda`` or ``cpu``: tensors are rounded up on CUDA, and autocast casts other operations.
        workspace_bytes: what libraries take through PyTorch's allocator; None for cuBLAS's usual on CUDA.

    Raises:
        ArgumentError: for a value that a setting does not take.

    """

    batch: int = 1
    optimizer: str = "sgd"
    implementation: str = "foreach"
    precision: str = "float32"
    momentum: float | None = None
    weight_decay: float | None = None
    accumulate: int = 1
    ema: bool = False
    checkpointing: bool = False
    inplace: bool = True
    inference: bool = False
    device: str = "cuda"
    workspace_bytes: int | None = None

    def __post_init__(self) -> None:
        self._check_values()
        if self.accumulate > self.batch:
            message = f"a batch of {self.batch} cannot be split into {self.accumulate} passes"
            raise ArgumentError(
                "out-of-range", message, hints=["accumulate at most as many passes as there are images"]
            )
        if self.implementation not in self.rule.implementations:
            hints = [f"write {' or '.join(self.rule.implementations)}"]
            raise ArgumentError("bad-option", f"{self.optimizer} has no {self.implementation} step", hints=hints)
        if self.momentum is not None and self.rule.momentum is None:
            hints = [f"those with a momentum are {listed(with_momentum())}"]
            raise ArgumentError("bad-option", f"{self.optimizer} has no momentum to set", hints=hints)

    def _check_values(self) -> None:
        """Refuse what a single setting does not take."""
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("implementation", self.implementation, IMPLEMENTATIONS)
        if isinstance(self.precision, str):
            object.__setattr__(self, "precision", SPELLINGS.get(self.precision, self.precision))
        check_choice("precision", self.precision, AUTOCAST)
        check_choice("device", self.device, DEVICES)
        for name, least in (("batch", 1), ("accumulate", 1), ("workspace_bytes", 0)):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, check_whole(name, value, least))
        for name, number in (("momentum", self.momentum), ("weight decay", self.weight_decay)):
            if number is not None:
                check_number(name, number)
        for name in ("ema", "checkpointing", "inplace", "inference"):
            check_flag(name, getattr(self, name))

    @property
    def rule(self) -> Optimizer:
        """What the optimizer needs."""
        return OPTIMIZERS[self.optimizer]

    @property
    def effective_momentum(self) -> float:
        """The momentum that holds; 0 for an optimizer that has none of this kind."""
        return (self.rule.momentum or 0.0) if self.momentum is None else self.momentum

    @property
    def effective_weight_decay(self) -> float:
        """The weight decay that holds."""
        return self.rule.weight_decay if self.weight_decay is None else self.weight_decay

    @property
    def images(self) -> int:
        """Images of one forward pass."""
        return self.batch if self.inference else -(-self.batch // self.accumulate)

    @property
    def state_tensors(self) -> int:
        """Tensors of a parameter's size that the optimizer keeps for each parameter."""
        return self.rule.moments + bool(self.effective_momentum)

    @property
    def state_scalars(self) -> int:
        """Single numbers that the optimizer keeps on the device for each parameter: on CUDA only a fused one does."""
        return len(self.rule.scalars) if self.device == "cpu" or self.implementation == "fused" else 0

    @property
    def workspace(self) -> int:
        """Bytes that libraries take through PyTorch's allocator."""
        if self.workspace_bytes is not None:
            return self.workspace_bytes
        return CUBLAS_WORKSPACE if self.device == "cuda" else 0

    def rounded(self, size: int) -> int:
        """Return the bytes that a tensor of this many takes."""
        block = BLOCK[self.device]
        return -(-size // block) * block

    def all_rounded(self, sizes: Iterable[int]) -> list[int]:
        """Return the bytes that tensors of this many take, each as `rounded` has it."""
        block = BLOCK[self.device]
        return [-(-size // block) * block for size in sizes]

"""What is run, as far as a bound on its time depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.gpus import PEAKS
from cnncalc.analysis.validation import check_choice, check_flag, check_whole
from cnncalc.core.errors import ArgumentError, SpecError
from cnncalc.core.precision import BYTES, SPELLINGS, TRAINED
from cnncalc.core.words import listed
from cnncalc.network import Network

FLOAT = 4
"""Bytes of the optimizer's numbers, which are float32 in every precision of the layers."""


@dataclass(frozen=True)
class TimeSetup:
    """An inference or a training step.

    Attributes:
        batch: images of one pass.
        precision: of the layers: ``float32``, ``tf32``, ``bf16``, ``fp16`` or, for inference, ``int8``.
        training: whether it is a training step: forward, backward, and the optimizer's.
        optimizer, momentum: those of the step, as in `TrainingSetup`.

    Raises:
        ArgumentError: for a value that a setting does not take.

    """

    batch: int = 1
    precision: str = "float32"
    training: bool = False
    optimizer: str = "sgd"
    momentum: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "batch", check_whole("batch", self.batch))
        if isinstance(self.precision, str):
            object.__setattr__(self, "precision", SPELLINGS.get(self.precision, self.precision))
        check_choice("precision", self.precision, PEAKS)
        check_flag("training", self.training)
        if self.training and self.precision not in TRAINED:
            raise ArgumentError(
                "bad-option",
                f"nothing is trained in {self.precision}",
                hints=[f"a training step is in {listed(TRAINED)}"],
            )
        TrainingSetup(optimizer=self.optimizer, momentum=self.momentum)

    def check_network(self, network: Network) -> None:
        """Refuse to train a network without parameters.

        Raises:
            SpecError: with the code ``nothing-to-train``.

        """
        if self.training and not network.params:
            raise SpecError("nothing-to-train", "the network has no parameters, so there is nothing to train")

    @property
    def bytes_per_value(self) -> int:
        """Bytes of a value of the layers."""
        return BYTES[self.precision]

    @property
    def state_tensors(self) -> int:
        """Tensors of a parameter's size that the optimizer reads and writes for each parameter."""
        return TrainingSetup(optimizer=self.optimizer, momentum=self.momentum).state_tensors

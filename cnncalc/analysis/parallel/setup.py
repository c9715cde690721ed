"""How several cards train together, as far as memory depends on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.validation import check_choice, check_flag, check_whole
from cnncalc.core.errors import ArgumentError

WAYS = {"ddp": "DistributedDataParallel", "zero1": "ZeroRedundancyOptimizer", "fsdp2": "fully_shard"}
"""The kinds of data parallel training, with the name of each in PyTorch."""

MOST_CARDS = 100_000


@dataclass(frozen=True)
class Parallel:
    """Cards that train one network together, each on its share of the images.

    Attributes:
        cards: how many there are.
        way: ``ddp``, ``zero1`` (DDP whose optimizer's state is shared out) or ``fsdp2``.
        views: whether gradients are views of the buckets of DDP (``gradient_as_bucket_view``).
        copies: whether a reduction to parts works on a copy of the gradients, as gloo does; None for what the
            device's backend does: gloo on the CPU, NCCL on CUDA.

    Raises:
        ArgumentError: for a value that a setting does not take.

    """

    cards: int
    way: str = "ddp"
    views: bool = True
    copies: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cards", check_whole("gpus", self.cards, 1, MOST_CARDS))
        check_choice("parallel", self.way, WAYS)
        check_flag("gradient_as_bucket_view", self.views)

    def reduces_copies(self, setup: TrainingSetup) -> bool:
        """Say whether a reduction to parts works on a copy of the gradients."""
        return setup.device == "cpu" if self.copies is None else self.copies

    def of_card(self, setup: TrainingSetup) -> TrainingSetup:
        """Return the step of the card with the most images, given the step of all cards together.

        Raises:
            ArgumentError: where a card has no image or a pass of it has none, and for what cannot be shared out.

        """
        if setup.inference:
            message = "an inference is not shared among cards"
            hints = ["each card has the whole network: ask for one card, with its own --batch"]
            raise ArgumentError("bad-option", message, hints=hints)
        if setup.rule.whole_matrices and self.way != "ddp":
            message = f"{setup.optimizer} does not run with {self.way}: its step needs whole matrices"
            raise ArgumentError("bad-option", message, hints=["write --parallel ddp, or another optimizer"])
        least = self.cards * setup.accumulate
        if setup.batch < least:
            passes = f" in {setup.accumulate} passes" if setup.accumulate > 1 else ""
            message = f"a batch of {setup.batch:,} is too small for {self.cards:,} cards{passes}"
            raise ArgumentError(
                "out-of-range", message, hints=[f"--batch counts the images of all cards: give at least {least:,}"]
            )
        return replace(setup, batch=-(-setup.batch // self.cards))

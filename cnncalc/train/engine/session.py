"""Everything that lives during a run: model, optimizer, data, and how they are kept in a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.parallel import DistributedDataParallel

from cnncalc.core.errors import RunError
from cnncalc.core.words import shorten
from cnncalc.model.build import build
from cnncalc.model.weights.matching import fill
from cnncalc.network import Network
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.checkpoints.checkpoint import below, optimizer_tensors, restore_module, restore_optimizer, under
from cnncalc.train.checkpoints.tensor_file import Checkpoint
from cnncalc.train.data import ImageTransforms, TransformedSplit
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.balance import class_weights
from cnncalc.train.engine.bounds import batch_bounds
from cnncalc.train.engine.ema import AveragedWeights
from cnncalc.train.engine.optimizer import make_optimizer
from cnncalc.train.engine.parts import Frozen
from cnncalc.train.engine.plan import RunPlan
from cnncalc.train.engine.seeds import StepSeeds
from cnncalc.train.engine.splits import RunSplits
from cnncalc.train.engine.step_memory import data_bytes, fitting_test_batch, step_bytes
from cnncalc.train.progress import Progress, is_number, progress_from
from cnncalc.train.recipe.augmentations import augmentations_of
from cnncalc.train.recipe.settings import Recipe

_TESTED_AT_ONCE = 1024

_IMAGES = "images"
"""The key of a checkpoint that says how many images an epoch had."""


class Session:
    """The living parts of a run.

    Attributes:
        plan, recipe, splits, device, processes: what was decided, with the images on the device.
        module: the model that is trained, which makes logits; its parameters are the run's.
        forward: the same model as it is called in training: compiled, shared among processes.
        class_weights: of every class in the loss, float32 [classes]; None where all weigh the same.
        bounds: where the batches of an epoch begin and end.

    """

    def __init__(self, plan: RunPlan) -> None:
        self.plan, self.recipe, (self.device, self.processes) = plan, plan.recipe, plan.place
        self.splits = _transformed(plan).to(self.device)
        recipe, splits, device, processes = self.recipe, self.splits, self.device, self.processes
        self.bounds = batch_bounds(len(splits.train), recipe.batch, processes.size * recipe.accumulate)
        weighs = recipe.balance == "weights"
        weights = class_weights(splits.train.labels, len(splits.classes)) if weighs else None
        self.class_weights = None if weights is None else weights.to(device)
        masks, volume = plan.task.name == "masks", plan.logits.input
        self.augmenter = Augmenter(recipe, volume, splits.normalisation, len(splits.train), device, masks=masks)
        self.seeds = StepSeeds(recipe.seed, processes.rank, device)
        self.module = make_module(plan.logits, recipe, device)
        begin(self.module, plan)
        self._frozen = Frozen(self.module, recipe)
        self._frozen.hold(0)
        self.optimizer = make_optimizer(self.module, recipe)
        self.scaler = torch.amp.GradScaler(device.type, enabled=recipe.precision == "fp16")
        self.average = AveragedWeights(self.module, recipe.ema) if recipe.ema else None
        self.forward = self._forward()
        self.cast = autocast(recipe, device)

    def _forward(self) -> nn.Module:
        forward: nn.Module = self.module
        if self.recipe.checkpointing:
            from cnncalc.model.checkpointing import checkpointed

            forward = checkpointed(self.module, self.plan.logits)
        if self.processes.shared:
            ids = [self.device.index] if self.device.type == "cuda" else None
            forward = DistributedDataParallel(forward, device_ids=ids, gradient_as_bucket_view=True)
        return cast(nn.Module, torch.compile(forward)) if self.recipe.compile else forward

    def begin_epoch(self, epoch: int) -> None:
        """Put the model into training for an epoch, counted from 0, and hold what is frozen in it."""
        self.forward.train()
        if self._frozen.hold(epoch):  # DistributedDataParallel and compiled code know what has gradients
            self.forward = self._forward()

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every image is seen once."""
        return len(self.bounds) - 1

    def images_in(self, step: int) -> int:
        """Return how many images a step sees, over all processes."""
        place = step % self.steps_per_epoch
        return self.bounds[place + 1] - self.bounds[place]

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.steps_per_epoch * self.recipe.epochs

    @cached_property
    def predicted_bytes(self) -> int:
        """What a step and the images that stay on the device are predicted to take."""
        splits = self.splits
        held = data_bytes(splits.train, splits.tested, splits.test)
        return step_bytes(self.plan.logits, self.recipe, self.plan.place) + held

    @property
    def tested_module(self) -> nn.Module:
        """The model that is tested and exported: the averaged one, where there is one."""
        return self.average.module if self.average else self.module

    @cached_property
    def tested_at_once(self) -> int:
        """Images that are tested at a time."""
        return fitting_test_batch(self.plan, _TESTED_AT_ONCE)

    def silent(self, last: bool) -> AbstractContextManager[Any]:
        """Return the context in which gradients are not yet exchanged, for all but the last part of a step."""
        if isinstance(self.forward, DistributedDataParallel) and not last:
            return cast(AbstractContextManager[Any], self.forward.no_sync())
        return nullcontext()

    def weights(self) -> dict[str, Tensor]:
        """Return the weights that are exported."""
        return self.tested_module.state_dict()

    def checkpoint(self, progress: Progress) -> Checkpoint:
        """Return everything that a run needs to be resumed."""
        tensors = under("model", self.module.state_dict()) | under("optimizer", optimizer_tensors(self.optimizer))
        if self.average:
            tensors |= under("average", self.average.module.state_dict())
        facts: dict[str, Any] = {"optimizer": self.recipe.optimizer, "scaler": self.scaler.state_dict()}
        return Checkpoint(tensors, {"progress": progress.facts(), _IMAGES: len(self.splits.train), **facts})

    def restore(self, checkpoint: Checkpoint) -> Progress:
        """Take up what a checkpoint holds, and return how far the run had come.

        Raises:
            RunError: where it is not what a run writes.
            SpecError: where it belongs to another network or optimizer.

        """
        progress = progress_from(checkpoint.facts.get("progress"))
        before, optimizer = str(checkpoint.facts.get("optimizer")), self.recipe.optimizer
        if before != optimizer:
            message = f"the checkpoint holds the state of {shorten(before)}, and the recipe says {optimizer}"
            hints = ["a run continues with the optimizer that it began with"]
            raise RunError("bad-checkpoint", message, hints=hints)
        restore_module(self.module, below("model", checkpoint.tensors), "the checkpoint")
        if self.average:
            restore_module(self.average.module, below("average", checkpoint.tensors), "the checkpoint")
        scalars = OPTIMIZERS[optimizer].scalars
        restore_optimizer(self.optimizer, below("optimizer", checkpoint.tensors), scalars)
        if self.recipe.precision == "fp16":
            self._restore_scaler(checkpoint.facts.get("scaler"))
        images = len(self.splits.train)
        if checkpoint.facts.get(_IMAGES, images) != images:  # its steps are of other epochs
            progress.begin_epoch(self.steps_per_epoch)
        return progress

    def _restore_scaler(self, facts: Any) -> None:
        known = self.scaler.state_dict()
        whole = isinstance(facts, dict) and facts.keys() == known.keys() and all(map(is_number, facts.values()))
        if not whole:
            raise RunError("bad-checkpoint", "a checkpoint does not say by what the loss of fp16 is scaled")
        self.scaler.load_state_dict(facts)


def _transformed(plan: RunPlan) -> RunSplits:
    """Return what a run works with; where torchvision augments images, the training images are read by it."""
    chosen = augmentations_of(plan.recipe.augment)
    if not chosen:
        return plan.splits
    train = TransformedSplit(plan.splits.train, ImageTransforms(chosen), workers=plan.workers)
    return plan.splits._replace(train=train)


def make_module(network: Network, recipe: Recipe, device: torch.device) -> fx.GraphModule:
    """Return the model of a network that makes logits, with its first weights, as a recipe wants it laid out."""
    module = build(network, device=device, seed=recipe.seed)
    if recipe.channels_last and network.input.dimensions == 2:
        module.to(memory_format=torch.channels_last)
    return module


def begin(module: fx.GraphModule, plan: RunPlan) -> None:
    """Give a module the weights that the run begins with, or the biases that suit its task."""
    if plan.first:
        fill(module, plan.first.tensors, plan.first.matching)
        return
    biases = plan.task.first_biases(plan.splits.train.labels)
    last = plan.logits.layers[plan.logits.ends[heads_of(plan.logits).main] - 1]
    bias = dict(module.named_parameters()).get(f"{last.name}.bias")
    if biases is not None and bias is not None and bias.shape == biases.shape:
        with torch.no_grad():
            bias.add_(biases.to(bias))


def autocast(recipe: Recipe, device: torch.device) -> Callable[[], torch.autocast]:
    """Return what makes the context in which a model runs in a recipe's precision."""
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(recipe.precision)
    return partial(torch.autocast, device.type, dtype=half or torch.bfloat16, enabled=half is not None)

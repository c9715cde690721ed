"""What a run has learned, loaded again to test, to predict and to export."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import fx

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten_path
from cnncalc.model.build import build
from cnncalc.network import Network
from cnncalc.train.checkpoints.checkpoint import check_tensors, restore_module
from cnncalc.train.checkpoints.tensor_file import Checkpoint, read_whole
from cnncalc.train.data import Dataset, Split
from cnncalc.train.data.dataset import spread
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.devices import configure
from cnncalc.train.engine.scoring import BatchCallback, score
from cnncalc.train.engine.session import autocast, make_module
from cnncalc.train.engine.splits import held_back, run_splits
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.data_origin import check_data, dataset_of_run, normalisation_of
from cnncalc.train.run.facts import RunFacts
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run_files import WEIGHTS
from cnncalc.train.tasks import Task, check_views, task_named

AT_ONCE = 256
"""Images that are tested at a time."""


class Tested(NamedTuple):
    """What a test came to, on what.

    Attributes:
        score: what it came to, as the run's task has it.
        data: which images were tested.
        views: how many of each image were averaged.
        notes: how the files were understood, where that is not plain, a sentence each.

    """

    score: Any
    data: str
    views: int
    notes: tuple[str, ...]


class SplitToTest(NamedTuple):
    """Images to test on: themselves, what they are, and how their files were understood, a sentence each."""

    split: Split
    what: str
    notes: tuple[str, ...] = ()


def some_images(dataset: Dataset, split: Split, kind: str, limit: int | None) -> SplitToTest:
    """Return a part of a data set, called ``kind`` (``"test "``), or at most ``limit`` of its images, evenly spaced."""
    whole = len(split)
    if limit is None or limit >= whole:
        return SplitToTest(split, f"the {kind}images of {dataset.name}", dataset.notes)
    what = f"{limit:,} of the {whole:,} {kind}images of {dataset.name}"
    return SplitToTest(split.subset(spread(whole, limit)), what, dataset.notes)


class Trained(NamedTuple):
    """A trained network.

    Attributes:
        facts: what its run remembers.
        network: with its softmax, if the spec has one.
        task: what it has learned.
        recipe: how it was trained.
        module: makes logits; holds the weights.
        augmenter: makes of pixels what the module sees.
        epoch: the epoch after which the weights were taken.

    """

    facts: RunFacts
    network: Network
    task: Task
    recipe: Recipe
    module: fx.GraphModule
    augmenter: Augmenter
    epoch: int

    @property
    def device(self) -> torch.device:
        """Where the module is."""
        return next(self.module.parameters()).device

    def test(self, given: Mapping[str, Any], views: int | None) -> Tested:
        """Test on the run's own test images, or on other data; see `images` and `test_on`."""
        return self.test_on(self.images(given), views)

    def test_on(self, images: SplitToTest, views: int | None, on_batch: BatchCallback = lambda *batch: None) -> Tested:
        """Test on images.

        Args:
            images: which.
            views: how many of each image are averaged, 1, 2 or 6; None for as many as in training.
            on_batch: see `score`.

        Raises:
            SpecError: see `views`.

        """
        result = score(
            self.module,
            images.split.to(self.device),
            self.augmenter,
            task=self.task,
            main=heads_of(self.network).main,
            batch=max(AT_ONCE, self.recipe.batch // self.recipe.accumulate),
            views=self.views(views),
            cast=autocast(self.recipe, self.device),
            on_batch=on_batch,
        )
        return Tested(result, images.what, self.augmenter.number_of_views(self.views(views)), images.notes)

    def views(self, asked: int | None) -> int:
        """Return how many views are asked for; by default as many as in training.

        Raises:
            SpecError: where a mirrored view is asked for, and training did not mirror, and for too many views.

        """
        check_views(self.task, asked or self.recipe.views)
        if asked == 2 and self.augmenter.number_of_views(2) == 1:
            message = "--views 2 averages an image and its mirror image, and this run did not mirror in training"
            hints = ["leave it out, or --views 6, which averages an image and two that are moved by a pixel"]
            raise SpecError("bad-option", message, hints=hints)
        return self.recipe.views if asked is None else asked

    def images(self, given: Mapping[str, Any]) -> SplitToTest:
        """Return the run's own test images, or others.

        Args:
            given: fields of a `DataRequest` that are to be others than the run's. With ``data`` they are other data,
                and ``limit`` is how many images are tested at most.

        Raises:
            SpecError: for data that do not suit the network, and where those of the run have changed.

        """
        wanted = {name: value for name, value in given.items() if name != "limit"}
        dataset = dataset_of_run(self.facts, self.network, wanted)
        if "data" not in given:
            check_data(dataset, self.facts, ["or name them, to test on them nevertheless: --data NAME|PATH"])
        split, kind = self._part(dataset, own="data" not in given)
        return some_images(dataset, split, kind, given.get("limit"))

    def calibration(self, given: Mapping[str, Any]) -> Split:
        """Return the images that were trained on, or other training images, to find ranges of activations."""
        wanted = {name: value for name, value in given.items() if name != "limit"}
        dataset = dataset_of_run(self.facts, self.network, wanted)
        if "data" in given:
            return dataset.train
        normalisation = normalisation_of(self.facts)
        return run_splits(dataset, self.recipe, normalisation, by_class=self.facts.splits_by_class).train

    def _part(self, dataset: Dataset, *, own: bool) -> tuple[Split, str]:
        """Return the test images, else the validation images, or those held back; of other data, all there are."""
        if dataset.test is not None:
            return dataset.test, "test "
        if dataset.validation is not None:
            return dataset.validation, "validation "
        if own:
            return held_back(dataset, self.recipe, by_class=self.facts.splits_by_class), "validation "
        return dataset.train, ""


def load_trained(path: str, which: str, device: torch.device) -> Trained:
    """Take up a run's weights.

    Args:
        path: the run's folder.
        which: ``best`` or ``last``.
        device: where the module is put.

    Raises:
        SpecError: where this is no run, or its weights are not there or not its own.

    """
    folder = RunFolder(path)
    facts, recipe = folder.facts(), _for_testing(folder.recipe(), device)
    network = folder.network(facts)
    stored = read_weights(folder, which)
    configure(recipe, device, network)
    task = task_named(facts.task, facts.classes)
    module = make_module(task.logits(network), recipe, device)
    module.eval()
    restore_module(module, stored.tensors, folder.file(WEIGHTS[which]))
    augmenter = Augmenter(recipe, network.input, normalisation_of(facts), 1, device)
    return Trained(facts, network, task, recipe, module, augmenter, _epoch(stored, folder.file(WEIGHTS[which])))


def _epoch(stored: Checkpoint, path: str) -> int:
    epoch = stored.facts.get("epoch", 0)
    if type(epoch) is not int or not 0 <= epoch < 2**63:
        message = f"`{shorten_path(path)}` does not say after which epoch it was written"
        raise SpecError("bad-weights", message)
    return epoch


def _for_testing(recipe: Recipe, device: torch.device) -> Recipe:
    """Return a recipe that a device can be tested with: what was trained in fp16 on a GPU runs on a CPU in float32."""
    exact = recipe.precision == "fp16" and device.type == "cpu"
    return replace(recipe, precision="float32" if exact else recipe.precision, deterministic=False)


def read_weights(folder: RunFolder, which: str) -> Checkpoint:
    """Read a run's weights as data; nothing in the file is run."""
    path = folder.file(WEIGHTS[which])
    if not os.path.exists(path):
        message = f"the run `{shorten_path(folder.path)}` has no {WEIGHTS[which]} yet"
        hints = [f"train at least one epoch: {folder.command('train --resume')}"]
        raise SpecError("no-weights", message, hints=hints)
    return read_whole(path)


def weights_for(folder: RunFolder, network: Network, which: str) -> tuple[dict[str, torch.Tensor], int]:
    """Return a run's weights for a network, by the names that `cnncalc.build` gives them, and the epoch they are from.

    Raises:
        SpecError: where there are none, or they are those of another network.

    """
    stored = read_weights(folder, which)
    check_tensors(build(network, device="meta"), stored.tensors, folder.file(WEIGHTS[which]))
    return stored.tensors, _epoch(stored, folder.file(WEIGHTS[which]))

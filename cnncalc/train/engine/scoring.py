"""Testing: every image exactly once, in one process or in many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from cnncalc.train.data import Split
from cnncalc.train.engine.augment import Augmenter
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.tasks import Task
from cnncalc.train.tasks.base import TaskScore

BatchCallback = Callable[[Tensor, Tensor, Tensor], None]
"""Called for every batch with the indices of its images, int64 [N], their targets, and what `Task.joined` returned."""


class Stopped(Exception):
    """A test was broken off; what it had counted is of no use."""


def score(
    module: nn.Module,
    split: Split,
    augmenter: Augmenter,
    *,
    task: Task,
    batch: int,
    main: int = 0,
    views: int = 1,
    cast: Callable[[], torch.autocast],
    processes: Processes | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_batch: BatchCallback = lambda indices, targets, predicted: None,
) -> TaskScore:
    """Test a module whose outputs are those that a task's loss takes.

    Args:
        module: is left as it was found, training or not.
        split: the images; each process takes every so manieth.
        augmenter: makes of pixels what the module sees.
        task: what the images are learned as.
        batch: images at a time.
        main: which of several outputs is tested.
        views: see `Augmenter.views`; what is predicted for them is averaged.
        cast: makes the context in which the module runs.
        processes: those that share the work; None for one process.
        stop: asked before every batch whether to break the test off.
        on_batch: called for every batch.

    Raises:
        Stopped: where it was broken off.

    """
    processes = processes or Processes()
    indices = torch.arange(processes.rank, len(split), processes.size)
    tally = task.tally(len(split), next(module.parameters()))
    was_training = module.training
    module.eval()
    with torch.no_grad():
        batches = torch.split(indices, batch)
        for places, (pixels, targets) in zip(batches, split.batches(batches), strict=True):
            if stop():
                raise Stopped
            seen = augmenter.views(pixels, views) if views > 1 else [augmenter.plain(pixels)]
            predicted = task.joined([_main_output(module, images, main, cast) for images in seen])
            on_batch(places, targets, predicted)
            tally.add(places, targets, predicted)
    module.train(was_training)
    return tally.score([processes.total(values) for values in tally.counted()])


def as_outputs(made: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    """Return what a module makes as its outputs, one or several."""
    return (made,) if isinstance(made, Tensor) else made


def _main_output(module: nn.Module, images: Tensor, main: int, cast: Callable[[], torch.autocast]) -> Tensor:
    with cast():
        return as_outputs(module(images))[main]

"""The first batch of a run as a picture, exactly as it would be trained on; nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from cnncalc.core.numbers import counted
from cnncalc.core.writing import write_file
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.speed import plain_way
from cnncalc.train.engine.stepping import epoch_parts
from cnncalc.train.progress import Progress
from cnncalc.train.run.choosing import TrainRequest, chosen_plan, joined
from cnncalc.train.show.batch_sheet import MOST, batch_sheet
from cnncalc.train.tasks import Targets, Task


def show_batch(request: TrainRequest, path: str) -> str:
    """Write the first batch of a run as a PNG file, and return a sentence about what it shows.

    Raises:
        SpecError: for everything that would be wrong with the run.
        WriteError: where the file cannot be written.

    """
    recipe = request.recipe
    recipe = replace(recipe, fold=recipe.fold or min(1, recipe.folds))
    with joined(request.device) as place:
        plan = chosen_plan(request._replace(recipe=recipe), place).plan
        session = Session(plan._replace(recipe=plain_way(plan.recipe)))
        images, captions, masks = first_batch(session)
    if place.processes.writes:
        write_file(batch_sheet(images, captions, masks, plan.task.names), path)
    few = "" if len(images) <= MOST else f"{MOST} of "
    return f"{path}: {few}the {counted(len(images), 'image')} of the first batch, as they are trained on"


def first_batch(session: Session) -> tuple[Tensor, list[str], Tensor | None]:
    """Return the images of the first step, float32 N x C x …, from 0 (black) to 1 (white), and what each shows.

    The third are their masks, whole numbers N x H x W; None where the targets are others.
    """
    parts, _ = epoch_parts(session, Progress())
    session.seeds.set(0)
    images: list[Tensor] = []
    captions: list[str] = []
    masks: list[Tensor] = []
    for _ in range(session.recipe.accumulate):
        indices, (pixels, labels) = next(parts)
        seen, targets = session.augmenter.train(pixels, labels, indices, 0, session.seeds.generator)
        images.append(session.augmenter.shown(seen).cpu())
        masks.append(targets.labels.cpu())
        captions += _captions(targets, session.plan.task)
    return torch.cat(images), captions, torch.cat(masks) if session.splits.kind == MASKS else None


def _captions(targets: Targets, task: Task) -> Iterator[str]:
    first = [task.caption(target) for target in targets.labels]
    if targets.others is None:
        yield from first
        return
    others = [task.caption(target) for target in targets.others]
    pairs = zip(first, others, strict=True)
    yield from (f"{targets.share:.0%} {one}, {other}" if one or other else "" for one, other in pairs)

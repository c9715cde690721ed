"""What makes a data set hard to learn from: classes of very different sizes, few images, few steps."""

from __future__ import annotations

import torch

from cnncalc.core.numbers import counted
from cnncalc.core.words import shorten
from cnncalc.train.data.kinds import CLASSES, LABELS, NUMBERS
from cnncalc.train.engine.plan import RunPlan
from cnncalc.train.engine.shared_images import shared_images
from cnncalc.train.engine.splits import images_of_each

UNEVEN = 10
"""How many times more images the largest class has than the smallest, from which on it is said."""

FEW_IMAGES = 10
"""Images of a class below which it is said."""

FAR = 30
"""How many times more or less than 1 the deviation of a number is, from which on it is said."""

MANY_SHARED = 0.01
"""Share of the images that are tested and trained on, from which on it is said."""

FEW_STEPS = 50
"""Steps of a run below which it is said."""


def data_advice(plan: RunPlan) -> list[str]:
    """Say what makes the images of a run hard to learn from, a sentence each."""
    found = []
    if plan.splits.kind in (CLASSES, LABELS):
        found += _rare_class(plan)
    if plan.splits.kind == NUMBERS:
        found += [*_far_numbers(plan), *_moved_numbers(plan)]
    found += _shared_images(plan)
    steps = -(-len(plan.splits.train) // plan.recipe.batch) * plan.recipe.epochs
    if steps < FEW_STEPS:
        found.append(f"the run has {counted(steps, 'step')}: a smaller --batch or more --epochs give it more")
    return found


def _rare_class(plan: RunPlan) -> list[str]:
    classes, word = plan.splits.classes, "class" if plan.splits.kind == CLASSES else "label"
    counts = images_of_each(plan.splits.train, classes)
    present = counts[counts > 0]
    least, most = int(present.min()), int(present.max())
    smallest, largest = int(torch.where(counts > 0, counts, most + 1).argmin()), int(counts.argmax())
    rare = f"{word} {shorten(classes[smallest])} has {counted(least, 'image')} to train on"
    if most >= UNEVEN * least and plan.recipe.balance == "none":
        way = "--balance weights or sampling may help" if word == "class" else "rare labels are learned last"
        return [f"{rare}, and {word} {shorten(classes[largest])} {most:,}: {way}"]
    return [f"{rare}: more images, or trained --weights, help"] if least < FEW_IMAGES else []


def _shared_images(plan: RunPlan) -> list[str]:
    splits = plan.splits
    for name, part in ((splits.tested_name, splits.tested), ("test", splits.test)):
        count = part and shared_images(splits.train, part)
        if part and count and count >= MANY_SHARED * len(part):
            shared = f"{count:,} of {counted(len(part), f'{name} image')} {'is' if count == 1 else 'are'}"
            return [f"{shared} among the training images, too: what is measured on them says little about new ones"]
    return []


def _far_numbers(plan: RunPlan) -> list[str]:
    numbers = plan.splits.train.labels.double()
    deviations = numbers.std(0, correction=0)
    place = int(torch.where(deviations > 0, deviations.log().abs(), 0).argmax())
    deviation = float(deviations[place])
    if not deviation or 1 / FAR <= deviation <= FAR:
        return []
    name = shorten(plan.splits.classes[place])
    size = f"{deviation:,.0f}" if deviation > 1 else f"{deviation:.3g}"
    return [f"number {name} has a deviation of {size}: in a unit in which it is about 1 it is learned sooner"]


def _moved_numbers(plan: RunPlan) -> list[str]:
    """Say that numbers stay as they are where images move: wrong for a place in the image or an angle."""
    done = {"mirrored": "--flip none"} if plan.recipe.flip != "none" else {}
    done |= {"moved": "--shift 0"} if plan.recipe.shift else {}
    if not done:
        return []
    options = " ".join(done.values())
    return [f"images are {' and '.join(done)}, and their numbers stay: use {options} if these are places or angles"]

"""What makes a data set hard to learn from: classes of very different sizes, few images, few steps."""

from __future__ import annotations

import torch

from cnncalc.core.numbers import counted
from cnncalc.core.words import shorten
from cnncalc.train.engine.plan import RunPlan

UNEVEN = 10
"""How many times more images the largest class has than the smallest, from which on it is said."""

FEW_IMAGES = 10
"""Images of a class below which it is said."""

FEW_STEPS = 50
"""Steps of a run below which it is said."""


def data_advice(plan: RunPlan) -> list[str]:
    """Say what makes the images of a run hard to learn from, a sentence each."""
    classes, recipe = plan.splits.classes, plan.recipe
    counts = torch.bincount(plan.splits.train.labels, minlength=len(classes))
    present = counts[counts > 0]
    least, most = int(present.min()), int(present.max())
    smallest, largest = int(torch.where(counts > 0, counts, most + 1).argmin()), int(counts.argmax())
    found = []
    rare = f"class {shorten(classes[smallest])} has {counted(least, 'image')} to train on"
    if most >= UNEVEN * least and recipe.balance == "none":
        found.append(f"{rare}, and class {shorten(classes[largest])} {most:,}: --balance weights or sampling may help")
    elif least < FEW_IMAGES:
        found.append(f"{rare}: more images, or trained --weights, help")
    steps = -(-len(plan.splits.train) // recipe.batch) * recipe.epochs
    if steps < FEW_STEPS:
        found.append(f"the run has {counted(steps, 'step')}: a smaller --batch or more --epochs give it more")
    return found

"""Classes of different sizes: rare ones weigh more in the loss, or are seen more often."""

from __future__ import annotations

import torch
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import counted
from cnncalc.core.words import shorten
from cnncalc.train.data.kinds import CLASSES
from cnncalc.train.engine.sampling import epoch_order
from cnncalc.train.seeds import DRAW, mixed


def check_balance(kind: str, balance: str) -> None:
    """Refuse to balance what is not one class for each image.

    Raises:
        SpecError: for targets of another kind, one of `cnncalc.train.data.kinds.KINDS`.

    """
    if balance != "none" and kind != CLASSES:
        message = f"--balance {balance} is for classes, and the data have {kind}"
        raise SpecError("bad-recipe", message, hints=["leave it out"])


def class_weights(labels: Tensor, classes: int) -> Tensor:
    """Return the weight of every class in the loss, float32 [classes]: images / (classes with images * its images).

    That is scikit-learn's ``compute_class_weight("balanced")``. The mean weight of an image is 1, so the loss of a step
    stays as large as without weights. A class without images has the weight 0.

    Args:
        labels: the class of every training image, int64 of shape [N].
        classes: how many there are.

    """
    counts = torch.bincount(labels, minlength=classes).double()
    present = int((counts > 0).sum())
    return torch.where(counts > 0, len(labels) / (present * counts.clamp(min=1)), 0).float()


def balanced_order(labels: Tensor, seed: int, epoch: int) -> Tensor:
    """Return the order of an epoch in which every class has the same number of images, to one: int64 [N].

    It has as many images as there are. Of a class with more than its part, some are left out, others in every epoch; of
    one with fewer, every image is seen equally often, to one.

    Args:
        labels: the class of every training image, int64 of shape [N].
        seed: of the run.
        epoch: counted from 0.

    """
    generator = torch.Generator().manual_seed(mixed(seed, DRAW, epoch))
    present = torch.bincount(labels).nonzero().flatten()
    present = present[torch.randperm(len(present), generator=generator)]  # who gets the images that are left over
    part, left = divmod(len(labels), len(present))
    drawn = [
        _drawn((labels == name).nonzero().flatten(), part + (place < left), generator)
        for place, name in enumerate(present)
    ]
    order = torch.cat(drawn)
    return order[torch.randperm(len(order), generator=generator)]


def _drawn(images: Tensor, wanted: int, generator: torch.Generator) -> Tensor:
    """Return so many of some images, each as often as the others, to one."""
    rounds = -(-wanted // len(images))
    shuffled = [images[torch.randperm(len(images), generator=generator)] for _ in range(rounds)]
    return torch.cat(shuffled)[:wanted]


def order_of_epoch(labels: Tensor, balance: str, seed: int, epoch: int) -> Tensor:
    """Return the order of an epoch, int64 [N] on the CPU, in the way that a recipe's ``balance`` says."""
    return balanced_order(labels, seed, epoch) if balance == "sampling" else epoch_order(len(labels), seed, epoch)


def balance_note(labels: Tensor, classes: tuple[str, ...], balance: str) -> str:
    """Return a sentence that says what is done about classes of different sizes; "" where nothing is."""
    if balance == "none":
        return ""
    counts = torch.bincount(labels, minlength=len(classes))
    if len({*counts[counts > 0].tolist()}) == 1:
        return f"all classes have {counted(int(counts.max()), 'image')}: none weighs more, or is seen more often"
    weights = class_weights(labels, len(classes))
    most, least = int(weights.argmax()), int(torch.where(counts > 0, weights, torch.inf).argmin())
    if balance == "weights":
        few, many = (f"{weights[index]:.3g} ({shorten(classes[index])})" for index in (most, least))
        return f"the loss weighs classes by inverse frequency, from {many} to {few}"
    part = len(labels) / int((counts > 0).sum())
    seen = part / int(counts[most])
    return (
        f"every class has {part:,.0f} images in an epoch; those of {shorten(classes[most])} are seen {seen:.3g} times"
    )

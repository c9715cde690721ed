"""The loss of each task, next to PyTorch's own and to arithmetic by hand."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.train.tasks import Targets, task_named


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def marks(*shape: int, most: int = 2) -> Tensor:
    return torch.randint(most, shape, generator=torch.Generator().manual_seed(1))


LOGITS, LABELS = noise(6, 3), marks(6, most=3)
CASES = {
    "classes": (LOGITS, LABELS, nn.CrossEntropyLoss()(LOGITS, LABELS)),
    "binary": (LOGITS[:, :1], marks(6), nn.BCEWithLogitsLoss()(LOGITS[:, 0], marks(6).float())),
    "labels": (LOGITS, marks(6, 3).float(), nn.BCEWithLogitsLoss()(LOGITS, marks(6, 3).float())),
    "regression": (LOGITS, noise(6, 3, seed=2), nn.MSELoss()(LOGITS, noise(6, 3, seed=2))),
    "masks": (noise(2, 3, 4, 4), marks(2, 4, 4, most=3).byte(), None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_pytorch_s(name: str) -> None:
    outputs, targets, wanted = CASES[name]
    if wanted is None:
        wanted = nn.CrossEntropyLoss()(outputs, targets.long())
    found = task_named(name, ("a", "b", "c")).loss(outputs, Targets(targets))
    torch.testing.assert_close(found, wanted)


def test_a_logistic_loss_by_hand() -> None:
    """−ln σ(2) for what holds, −ln(1 − σ(2)) for what does not; smoothing by 0.2 makes targets 0.9 and 0.1."""
    holds, fails = -log(1 / (1 + exp(-2))), -log(1 - 1 / (1 + exp(-2)))
    logits, targets = torch.tensor([[2.0], [2.0]]), torch.tensor([1, 0])
    task = task_named("binary", ("no", "yes"))
    assert float(task.loss(logits, Targets(targets))) == pytest.approx((holds + fails) / 2, rel=1e-6)
    smoothed = 0.9 * holds + 0.1 * fails
    assert float(task.loss(logits[:1], Targets(targets[:1]), 0.2)) == pytest.approx(smoothed, rel=1e-6)
    weights = torch.tensor([0.5, 2.0])
    assert float(task.loss(logits, Targets(targets), 0.0, weights)) == pytest.approx((2 * holds + 0.5 * fails) / 2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignored_pixels_do_not_count(smoothing: float) -> None:
    """The loss is that of the other pixels alone; where all are ignored it is 0, and no NaN."""
    outputs, targets = noise(2, 3, 4, 4), marks(2, 4, 4, most=3).byte()
    targets[0], targets[1, 2] = 255, 255
    task = task_named("masks", ("a", "b", "c"))
    kept = targets != 255
    pixels = outputs.movedim(1, -1)[kept]
    wanted = functional.cross_entropy(pixels, targets[kept].long(), label_smoothing=smoothing)
    torch.testing.assert_close(task.loss(outputs, Targets(targets), smoothing), wanted)
    assert float(task.loss(outputs, Targets(torch.full_like(targets, 255)))) == 0


def test_one_channel_is_the_logit_of_the_second_class() -> None:
    outputs, targets = noise(2, 1, 4, 4), marks(2, 4, 4).byte()
    found = task_named("masks", ("a", "b")).loss(outputs, Targets(targets))
    wanted = functional.binary_cross_entropy_with_logits(outputs[:, 0], targets.float())
    torch.testing.assert_close(found, wanted)


def test_deterministic_algorithms_give_the_same_loss() -> None:
    """Pixels are then counted in another order of dimensions, since CUDA has no other way."""
    outputs, targets = noise(2, 3, 4, 4), marks(2, 4, 4, most=3).byte()
    task = task_named("masks", ("a", "b", "c"))
    usual = task.loss(outputs, Targets(targets), 0.1)
    torch.use_deterministic_algorithms(True)
    try:
        torch.testing.assert_close(task.loss(outputs, Targets(targets), 0.1), usual)
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("name", ["classes", "binary", "labels", "regression"])
def test_mixed_images_count_for_both_targets(name: str) -> None:
    outputs, targets, whole = CASES[name]
    task, other = task_named(name, ("a", "b", "c")), targets.flip(0)
    mixed = task.loss(outputs, Targets(targets, other, 0.25))
    torch.testing.assert_close(mixed, 0.25 * whole + 0.75 * task.loss(outputs, Targets(other)))

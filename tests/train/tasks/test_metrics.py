"""The metrics of each task, next to scikit-learn's and torchmetrics'."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import Tensor

from cnncalc.core.volume import Volume
from cnncalc.train.data import MemorySplit
from cnncalc.train.engine.augment import Augmenter, PixelNormalisation
from cnncalc.train.engine.scoring import score
from cnncalc.train.engine.session import autocast
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.tasks import task_named
from cnncalc.train.tasks.binary import binary_score
from cnncalc.train.tasks.labels import label_score
from cnncalc.train.tasks.masks import MaskScore
from cnncalc.train.tasks.ranking import average_precision, roc_auc
from cnncalc.train.tasks.regression import number_score

CPU = torch.device("cpu")


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def marks(*shape: int, seed: int = 1) -> Tensor:
    return torch.randint(2, shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("digits", [8, 0])
@pytest.mark.parametrize("count", [2, 50, 500])
def test_ranking_metrics_are_those_of_scikit_learn(count: int, digits: int) -> None:
    """With scores that all differ, and with many that are equal."""
    holds, scores = marks(count), (noise(count) * 2).round(decimals=digits)
    holds[0], holds[1] = 0, 1
    assert roc_auc(holds, scores) == pytest.approx(metrics.roc_auc_score(holds, scores))
    assert average_precision(holds, scores) == pytest.approx(metrics.average_precision_score(holds, scores))


def test_what_is_not_known() -> None:
    """Where one of two classes has no image there is no curve, and no precision of a label that none has."""
    nothing = torch.zeros(5, dtype=torch.float64)
    assert (roc_auc(nothing, noise(5)), roc_auc(nothing + 1, noise(5)), average_precision(nothing, noise(5))) == (
        None,
    ) * 3


def test_two_classes() -> None:
    targets, logits = marks(80, 1), noise(80, 1)
    found, told = binary_score(targets, logits), (logits > 0).long()
    assert found.confusion.tolist() == metrics.confusion_matrix(targets, told).tolist()
    assert found.metrics == {
        "accuracy": pytest.approx(metrics.accuracy_score(targets, told)),
        "auc": pytest.approx(metrics.roc_auc_score(targets, logits)),
    }
    assert found.loss == pytest.approx(metrics.log_loss(targets, torch.sigmoid(logits)))


def test_several_labels() -> None:
    targets, logits = marks(90, 4), noise(90, 4)
    targets[:, 3] = 0  # no image has the last label: it counts in no mean of precisions
    found, told = label_score(targets, logits), (logits > 0).double()
    assert found.metrics == {
        "mean_ap": pytest.approx(metrics.average_precision_score(targets[:, :3], logits[:, :3])),
        "f1": pytest.approx(metrics.f1_score(targets, told, average="macro")),
        "accuracy": pytest.approx(1 - metrics.hamming_loss(targets, told)),
    }
    assert found.exact / 90 == pytest.approx(metrics.accuracy_score(targets, told))
    recalls = metrics.recall_score(targets, told, average=None, zero_division=np.nan)
    assert [one.recall for one in found.labels][:3] == pytest.approx(recalls[:3])


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    targets, predicted = noise(70, 2), noise(70, 2, seed=5)
    found = number_score(targets, predicted)
    assert found.metrics == {
        "rmse": pytest.approx(math.sqrt(metrics.mean_squared_error(targets, predicted))),
        "mae": pytest.approx(metrics.mean_absolute_error(targets, predicted)),
        "r2": pytest.approx(metrics.r2_score(targets, predicted)),
    }
    assert found.determination == pytest.approx(metrics.r2_score(targets, predicted, multioutput="raw_values"))
    assert number_score(torch.ones(3, 1).double(), noise(3, 1)).determination == [None]


def test_masks_by_torchmetrics() -> None:
    """IoU and Dice of each class are those of its pixels, and the third class occurs nowhere."""
    torchmetrics = pytest.importorskip("torchmetrics")
    generator = torch.Generator().manual_seed(0)
    true, taken = (torch.randint(3, (900,), generator=generator) * 2 % 3 for _ in range(2))
    true, taken = true % 2, taken % 2
    confusion = torch.bincount(true * 3 + taken, minlength=9).view(3, 3)
    found = MaskScore(0.0, confusion, 9).metrics
    iou = torchmetrics.functional.classification.multiclass_jaccard_index(taken, true, 3, average=None)
    f1 = torchmetrics.functional.classification.multiclass_f1_score(taken, true, 3, average=None)
    assert found["mean_iou"] == pytest.approx(float(iou[:2].mean()), rel=1e-5)
    assert found["mean_dice"] == pytest.approx(float(f1[:2].mean()), rel=1e-5)
    assert found["accuracy"] == pytest.approx(float((true == taken).double().mean()))


class Shifted(torch.nn.Module):
    """Makes of an image the logits of two classes for each pixel; it is not symmetric."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([torch.zeros_like(images), self.weight * images.roll(1, -1)], 1)


@pytest.mark.parametrize("views", [1, 2])
def test_a_test_of_masks_leaves_ignored_pixels_out(views: int) -> None:
    """By hand, in batches of 2; the mirrored view of an image is mirrored back before both are averaged."""
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randint(256, (5, 1, 4, 4), generator=generator, dtype=torch.uint8)
    masks = torch.randint(2, (5, 4, 4), generator=generator, dtype=torch.uint8)
    masks[0, 0], masks[3] = 255, 255
    augmenter = Augmenter(Recipe(flip="random"), Volume((4, 4, 1)), PixelNormalisation((0.5,), (0.1,)), 1, CPU)
    module, split = Shifted(), MemorySplit(pixels, masks)
    task, cast = task_named("masks", ("a", "b")), autocast(Recipe(), CPU)
    found = score(module, split, augmenter, task=task, batch=2, views=views, cast=cast)

    images = augmenter.plain(pixels)
    shares = module(images).softmax(1)
    if views == 2:
        shares = (shares + module(images.flip(-1)).softmax(1).flip(-1)) / 2
    kept = masks != 255
    own = shares.movedim(1, -1)[kept].gather(1, masks[kept].long()[:, None])
    assert found.loss == pytest.approx(float(-own.log().mean()), rel=1e-5)
    wanted = metrics.confusion_matrix(masks[kept], shares.argmax(1)[kept])
    assert isinstance(found, MaskScore)
    assert found.confusion.tolist() == wanted.tolist()

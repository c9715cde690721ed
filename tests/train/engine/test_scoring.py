"""Scores of a test, next to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.core.volume import Volume
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.engine.augment import Augmenter, PixelNormalisation
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.scoring import score
from cnncalc.train.engine.session import autocast
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.tasks import Classes, ClassScore

CPU = torch.device("cpu")
VOLUME = Volume((4, 4, 1))
AUGMENTER = Augmenter(Recipe(flip="random"), VOLUME, PixelNormalisation((0.5,), (0.25,)), 1, CPU)


def splits(classes: int, count: int = 301) -> tuple[nn.Module, MemorySplit]:
    """Return a module with random weights, and images of noise."""
    generator = torch.Generator().manual_seed(classes)
    pixels = torch.randint(256, (count, 1, 4, 4), generator=generator, dtype=torch.uint8)
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, classes))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module, MemorySplit(pixels, torch.randint(classes, (count,), generator=generator))


def task(classes: int) -> Classes:
    return Classes(tuple(map(str, range(classes))))


def scored(module: nn.Module, split: MemorySplit, classes: int, batch: int = 64, views: int = 1) -> ClassScore:
    cast = autocast(Recipe(), CPU)
    return score(module, split, AUGMENTER, task=task(classes), batch=batch, views=views, cast=cast)


def probabilities(module: nn.Module, views: list[Tensor]) -> Tensor:
    with torch.no_grad():
        return torch.stack([functional.softmax(module(view).double(), 1) for view in views]).mean(0)


@pytest.mark.parametrize("views", [1, 2, 6])
@pytest.mark.parametrize("classes", [2, 5, 6, 10])
def test_scores_are_scikit_learn_s(classes: int, views: int) -> None:
    """301 images in batches of 64: the last batch has 45. Several views are averaged as probabilities."""
    module, split = splits(classes)
    ours = scored(module, split, classes, views=views)
    shares = probabilities(module, AUGMENTER.views(split.pixels, views)).numpy()
    labels, everything = split.labels.numpy(), np.arange(classes)

    assert ours.accuracy == metrics.accuracy_score(labels, shares.argmax(1))
    assert ours.confusion.tolist() == metrics.confusion_matrix(labels, shares.argmax(1), labels=everything).tolist()
    assert ours.loss == pytest.approx(metrics.log_loss(labels, shares, labels=everything), rel=1e-5)
    if classes > 5:
        assert ours.top5_accuracy == metrics.top_k_accuracy_score(labels, shares, k=5, labels=everything)
    else:
        assert ours.top5_accuracy is None
    assert (ours.images, ours.right) == (301, int((shares.argmax(1) == labels).sum()))


@pytest.mark.parametrize("views", [1, 6])
def test_a_loss_is_exact_where_the_module_is_not(views: int) -> None:
    """The scores of bf16 have three digits; what is computed of them has seven."""
    module, split = splits(10)
    cast = autocast(Recipe(precision="bf16"), CPU)
    ours = score(module, split, AUGMENTER, task=task(10), batch=64, views=views, cast=cast)
    with torch.no_grad(), cast():
        scores = [module(view) for view in AUGMENTER.views(split.pixels, views)]
    assert scores[0].dtype == torch.bfloat16
    shares = torch.stack([functional.softmax(score.double(), 1) for score in scores]).mean(0).numpy()
    assert ours.loss == pytest.approx(metrics.log_loss(split.labels.numpy(), shares, labels=range(10)), rel=1e-5)


def test_the_size_of_a_batch_changes_nothing() -> None:
    module, split = splits(10)
    whole, single = scored(module, split, 10, batch=1000), scored(module, split, 10, batch=1)
    assert torch.equal(whole.confusion, single.confusion)
    assert whole.loss == pytest.approx(single.loss)


class Unheard(Processes):
    """A process that is told nothing by the others, so that its own share can be seen."""

    def total(self, values: Tensor) -> Tensor:
        return values


@pytest.mark.parametrize("size", [2, 3, 8])
def test_processes_share_the_images_without_counting_one_twice(size: int) -> None:
    """301 is no multiple of any of these numbers."""
    module, split = splits(10)
    cast = autocast(Recipe(), CPU)
    shares = [
        score(module, split, AUGMENTER, task=task(10), batch=16, cast=cast, processes=Unheard(rank, size))
        for rank in range(size)
    ]
    whole = scored(module, split, 10)
    assert sum(share.images for share in shares) == 301
    assert max(share.images for share in shares) - min(share.images for share in shares) <= 1
    assert torch.equal(sum(share.confusion for share in shares), whole.confusion)
    assert sum(share.top5 or 0 for share in shares) == whole.top5
    assert sum(share.loss for share in shares) == pytest.approx(whole.loss)


@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_tested_as_it_predicts_and_left_as_it_was(training: bool) -> None:
    """No dropout, no statistics of the batch."""
    module, split = splits(10)
    noisy = nn.Sequential(module, nn.Dropout(0.9)).train(training)
    assert torch.equal(scored(noisy, split, 10).confusion, scored(module, split, 10).confusion)
    assert noisy.training == training

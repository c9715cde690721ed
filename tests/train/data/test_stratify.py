"""Which images are kept for validation: the same share of every class, once or in folds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from cnncalc.train.data import folds_of, held_out


def held(counts: list[int], share: float, seed: int = 0) -> list[int]:
    """Return how many images of each class are kept for validation; the images of the classes are mixed."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    indices = held_out(labels, share, generator)
    assert indices.tolist() == sorted(set(indices.tolist()))
    return torch.bincount(labels[indices], minlength=len(counts)).tolist()


@pytest.mark.parametrize(
    ("counts", "share", "wanted"),
    [
        ([100, 50, 10], 0.1, [10, 5, 1]),
        ([10, 10], 0.25, [2, 3]),  # 5 in all; one of the two gives the odd one
        ([13, 7], 0.2, [3, 1]),  # 2.6 and 1.4 of 4 in all
        ([1, 20], 0.2, [0, 4]),  # a single image is trained on
        ([2, 2, 2], 0.9, [1, 1, 1]),
        ([1, 1], 0.5, [0, 0]),
        ([5, 0, 5], 0.2, [1, 0, 1]),
    ],
)
def test_each_class_gives_its_share(counts: list[int], share: float, wanted: list[int]) -> None:
    assert sorted(held(counts, share)) == sorted(wanted)
    assert [bool(count) for count in held(counts, share)] == [bool(count) for count in wanted]


def test_of_a_thousand_classes_with_two_images_all_are_trained() -> None:
    """A tenth is 200 images, of 200 classes; drawn without regard to classes, about ten would lose both."""
    counts = held([2] * 1000, 0.1)
    assert (sum(counts), max(counts)) == (200, 1)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(sum), st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_shares_are_rounded_up_or_down_and_leave_an_image(counts: list[int], share: float, seed: int) -> None:
    given_up = held(counts, share, seed)
    for count, quota in zip(counts, given_up, strict=True):
        assert count * share - 1 < quota < count * share + 1 or quota == count - 1
        assert quota <= max(count - 1, 0)
    assert sum(given_up) <= max(round(sum(counts) * share), sum(int(count * share) for count in counts))


def test_the_share_of_each_class_is_scikit_learn_s() -> None:
    """Which images of a class they are depends on the generator; how many, does not."""
    labels = torch.arange(7).repeat_interleave(torch.tensor([50, 30, 80, 20, 10, 60, 150]))
    indices = held_out(labels, 0.1, torch.Generator().manual_seed(3))
    ((_, theirs),) = StratifiedShuffleSplit(1, test_size=0.1, random_state=0).split(labels, labels)
    assert torch.equal(torch.bincount(labels[indices]), torch.bincount(labels[theirs]))


def test_the_choice_depends_on_the_generator_alone() -> None:
    labels = torch.arange(3).repeat(20)
    first, again, other = (held_out(labels, 0.2, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


# ---- folds


@pytest.mark.filterwarnings("ignore:The least populated class")
@given(counts=st.lists(st.integers(1, 25), min_size=2, max_size=5), folds=st.integers(2, 8), seed=st.integers(0, 99))
def test_folds_have_as_many_images_of_each_class_as_scikit_learn_s(counts: list[int], folds: int, seed: int) -> None:
    assume(max(counts) >= folds)  # what StratifiedKFold refuses
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    seen = [*dict.fromkeys(labels.tolist())]
    labels = torch.tensor([seen.index(label) for label in labels.tolist()])  # scikit-learn numbers them so itself
    found = folds_of(labels, folds, generator)
    ours = [torch.bincount(labels[found == fold], minlength=len(counts)).tolist() for fold in range(folds)]
    theirs = [
        np.bincount(labels[held].numpy(), minlength=len(counts)).tolist()
        for _, held in StratifiedKFold(folds, shuffle=True, random_state=0).split(np.zeros(len(labels)), labels.numpy())
    ]
    assert sorted(ours) == sorted(theirs)


def test_folds_are_drawn_from_a_seed() -> None:
    labels = torch.arange(60) % 3
    first, again, other = (folds_of(labels, 4, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)

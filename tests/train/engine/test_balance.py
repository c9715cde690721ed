"""Classes of different sizes: weights are scikit-learn's, and sampling shows each class as often as the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from cnncalc.train.data import DataRequest
from cnncalc.train.engine.balance import balance_note, balanced_order, class_weights
from tests.train.runs import Heard, train

COUNTS = st.lists(st.integers(0, 30), min_size=2, max_size=6).filter(any)


def labels_of(counts: list[int]) -> torch.Tensor:
    return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))


@given(counts=COUNTS)
def test_weights_are_scikit_learn_s(counts: list[int]) -> None:
    labels = labels_of(counts)
    present = [name for name, count in enumerate(counts) if count]
    wanted = compute_class_weight("balanced", classes=np.array(present), y=labels.numpy())
    found = class_weights(labels, len(counts))
    np.testing.assert_allclose(found[present].numpy(), wanted, rtol=1e-6)
    assert found.sum() == pytest.approx(found[present].sum())


@given(counts=COUNTS, epoch=st.integers(0, 50))
def test_every_class_and_every_image_of_it_is_drawn_equally_often(counts: list[int], epoch: int) -> None:
    labels = labels_of(counts)
    order = balanced_order(labels, 0, epoch)
    assert len(order) == len(labels)
    drawn = torch.bincount(labels[order], minlength=len(counts))[torch.tensor(counts) > 0]
    assert drawn.max() - drawn.min() <= 1
    times = torch.bincount(order, minlength=len(labels))
    for name, count in enumerate(counts):
        if count:
            assert times[labels == name].max() - times[labels == name].min() <= 1


def test_another_epoch_draws_others_of_a_large_class() -> None:
    labels = labels_of([100, 10])
    seen = {index for epoch in range(8) for index in balanced_order(labels, 0, epoch).tolist()}
    assert len(seen) > 105
    assert torch.equal(balanced_order(labels, 3, 1), balanced_order(labels, 3, 1))


def uneven(**settings: object) -> dict[str, str]:
    """Train a moment on 90 images of one class and 10 of another, and return what is said."""
    labels = np.repeat([0, 1], [90, 10])
    np.savez("d.npz", x_train=np.zeros((100, 8, 8), np.uint8), y_train=labels)
    heard = Heard()
    train("input 8x8x1\nfc 2", "run", data=DataRequest("d.npz"), heard=heard, epochs=1, **settings)
    (begun,) = heard.all("begin")
    return dict(begun.facts)


def test_what_is_done_is_said(folder: object) -> None:
    """Of the images that are left when the same share of each class is held out to validate."""
    said = uneven(balance="weights")
    assert said["balance"] == "the loss weighs classes by inverse frequency, from 0.556 (0) to 5 (1)"
    assert "may help" not in said.get("hint", "")


@pytest.mark.parametrize(
    ("balance", "said"),
    [
        ("none", ""),
        ("weights", "the loss weighs classes by inverse frequency, from 0.556 (cat) to 5 (dog)"),
        ("sampling", "every class has 50 images in an epoch; those of dog are seen 5 times"),
    ],
)
def test_the_line_about_balance(balance: str, said: str) -> None:
    assert balance_note(labels_of([90, 10]), ("cat", "dog"), balance) == said


@pytest.mark.parametrize("balance", ["weights", "sampling"])
def test_classes_of_one_size_are_balanced_already(balance: str) -> None:
    said = "all classes have 20 images: none weighs more, or is seen more often"
    assert balance_note(labels_of([20, 20]), ("cat", "dog"), balance) == said


def test_the_loss_of_an_epoch_is_pytorch_s_weighted_one(folder: object) -> None:
    """Weights that never move, so that the loss is known: the sum over all images, by the class weights, per image."""
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [20, 8, 4])
    images = draw.integers(0, 256, (32, 4, 4), dtype=np.uint8)
    np.savez("d.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    heard = Heard()
    still = {"learning_rate": 0.0, "optimizer": "sgd", "shift": 0, "label_smoothing": 0.0, "normalise": "none"}
    train("input 4x4x1\nfc 3", "run", data=DataRequest("d.npz"), heard=heard, balance="weights", accumulate=3,
          **still | {"epochs": 1, "batch": 11})  # fmt: skip
    from safetensors.torch import load_file

    tensors = load_file("run/last.safetensors")
    weight, bias = (next(value for name, value in tensors.items() if name.endswith(end)) for end in ("weight", "bias"))
    logits = functional.linear(torch.from_numpy(images).float().view(32, 16) / 255, weight.view(3, 16), bias)
    by_class = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    wanted = functional.cross_entropy(
        logits, torch.from_numpy(labels), weight=torch.tensor(by_class, dtype=torch.float32), reduction="sum"
    )
    (row,) = heard.all("epoch")
    assert row.train_loss == pytest.approx(float(wanted) / 32, rel=1e-5)

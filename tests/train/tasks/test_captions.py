"""What pages say of an image, of its target and of what is predicted for it."""

from __future__ import annotations

import torch

from cnncalc.train.tasks.choosing import task_named


def test_numbers_have_a_minus_sign() -> None:
    told = task_named("regression", ["x", "y"]).captioned(torch.tensor([-1.5, 2.0]), torch.tensor([-0.25, -3e-7]))
    assert told == "x −1.5, y 2; predicted x −0.25, y −3e−07"


def test_all_labels_of_an_image_are_its_own() -> None:
    task = task_named("labels", ["cat", "dog", "wet"])
    assert (task.caption(torch.tensor([1.0, 0, 1])), task.holding(torch.tensor([1.0, 0, 1]))) == (
        "cat, wet",
        ["cat", "wet"],
    )
    assert task.holding(torch.zeros(3)) == []


def test_the_classes_of_a_mask_are_those_of_its_pixels() -> None:
    """255 is no class."""
    task, mask = task_named("masks", ["sky", "road", "car"]), torch.tensor([[0, 2], [255, 0]], dtype=torch.uint8)
    assert task.holding(mask) == ["sky", "car"]


def test_an_image_of_classes_has_one() -> None:
    assert task_named("classes", ["cat", "dog"]).holding(torch.tensor(1)) == ["dog"]

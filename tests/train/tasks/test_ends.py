"""A spec may end in scores, in probabilities or in their logarithms: the loss knows which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.train.ends import ends_in
from cnncalc.train.tasks import Classes, check_trainable
from tests.train.runs import SPEC, Heard, train, weights

Complaint = Callable[..., str]
TASK = Classes(tuple("0123456789"))
ENDS = ("", " - softmax", " - logsoftmax")


@pytest.mark.parametrize("end", ENDS)
def test_a_softmax_is_taken_off(end: str) -> None:
    """What is left makes logits: with PyTorch's softmax they are what the whole network makes."""
    network = cnncalc.load(SPEC.rstrip() + end)
    whole, cut = cnncalc.build(network, seed=1).eval(), cnncalc.build(TASK.logits(network), seed=1).eval()
    images = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    function = {"": lambda x, _: x, " - softmax": torch.softmax, " - logsoftmax": torch.log_softmax}[end]

    assert ends_in(network, TASK.ends) == bool(end)
    assert not ends_in(TASK.logits(network), TASK.ends)
    torch.testing.assert_close(whole(images).flatten(1), function(cut(images).flatten(1), 1))


@pytest.mark.slow
def test_all_three_train_alike(folder: Path) -> None:
    """The same losses, and the same weights to the bit."""
    heard = {end: Heard() for end in ENDS}
    for number, (end, observer) in enumerate(heard.items()):
        train(SPEC.rstrip() + end, f"run{number}", heard=observer, epochs=2)
    losses = [[row.train_loss for row in observer.all("epoch")] for observer in heard.values()]
    assert losses[0] == losses[1] == losses[2]
    assert weights("run0") == weights("run1") == weights("run2")


@pytest.mark.parametrize(
    ("end", "note"),
    [
        ("fc 3", "cross-entropy with a softmax of its own: the spec ends in logits"),
        ("fc 3 - softmax", "cross-entropy, which does the softmax of `softmax1` itself"),
        ("fc 3 - logsoftmax", "cross-entropy, which does the logsoftmax of `logsoftmax1` itself"),
        (
            "fc 3 - sigmoid",
            "cross-entropy with a softmax of its own: the spec ends in `sigmoid`, whose output it takes as logits",
        ),
    ],
)
def test_the_run_says_what_the_loss_makes_of_the_end(end: str, note: str) -> None:
    assert TASK.loss_note(cnncalc.load(f"input 4x4x1\n{end}")) == note


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            "input 9x9x3\nconv 3x3x10 s2",
            "error[no-classifier]: the network's output is 4x4x10; a classifier needs one output per class\n"
            "  = end it with `gap - fc 10`, or `fc 10`, for as many classes as there are\n"
            "  = or make it as large as the input, 9x9x3, for a class of each pixel",
        ),
        (
            "input 8x8x3\ngap - softmax",
            "error[nothing-to-train]: the network has no parameters, so there is nothing to train",
        ),
    ],
)
def test_what_no_task_trains(complaint: Complaint, spec: str, text: str) -> None:
    assert complaint(check_trainable, cnncalc.load(spec)) == text

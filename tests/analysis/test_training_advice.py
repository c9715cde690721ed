"""What makes a network hard to train is said, and nothing is said of networks that were published as trained."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.analysis.training_advice import training_advice
from cnncalc.zoo.catalogue import catalogue


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "fc 64 - relu - fc 10 - relu",
            ["relu2 bounds the scores of the classes: end with `fc` or `softmax`, without `relu`"],
        ),
        ("fc 64 - relu - fc 10 - softmax", []),
        (
            "fc 64 - dropout 0.5 - fc 32 - relu - fc 10",
            ["there is no activation between fc1 and fc2: both together are one linear layer"],
        ),
        (
            "conv3-8 - bn - conv3-8 - bn - conv3-8 - relu - gap - fc 10",
            [
                "there is no activation between conv1 and conv2 (and 1 more pair): both together are one linear layer",
                "a unit before gap1 sees 7x7 of the 32x32 positions: pool earlier, or add layers",
            ],
        ),
        ("dwconv 3x3 p1 - conv 1x1x8 - relu - fc 10", []),
        ("(conv3-8 - relu - pool2)*4 - gap - fc 10", []),
        (
            "(fc 32 - sigmoid)*4 - fc 10",
            [
                "4 sigmoids (sigmoid1, sigmoid2, sigmoid3, sigmoid4) shrink gradients to a quarter each: "
                "relu trains faster"
            ],
        ),
        (
            "(conv3-8 - relu)*12 - fc 10",
            ["13 layers with weights have neither norms nor shortcuts: add `bn` after convolutions"],
        ),
        ("(conv3-8 - bn - relu)*12 - fc 10", []),
        ("(add( conv3-3 - relu | ))*12 - fc 10", []),
    ],
)
def test_what_is_said(text: str, sentences: list[str]) -> None:
    assert training_advice(cnncalc.load(text, input="32x32x3")) == sentences


@pytest.mark.parametrize(
    ("learned", "said"),
    [
        ("labels", "relu1 bounds the scores of the labels: end with `fc` or `sigmoid`, without `relu`"),
        ("numbers", "relu1 bounds the numbers: end with `fc`, without `relu`"),
        ("masks", "relu1 bounds the scores of the classes: end with `conv` or `softmax`, without `relu`"),
    ],
)
def test_what_belongs_at_the_end_is_of_the_task(learned: str, said: str) -> None:
    assert training_advice(cnncalc.load("fc 3 - relu", input="8x8x3"), learned=learned) == [said]


def test_depth_does_not_matter_to_trained_weights() -> None:
    network = cnncalc.load("(conv3-8 - relu)*12 - fc 10", input="32x32x3")
    assert training_advice(network, drawn=False) == []


CLASSIFIERS = [name for name, row in catalogue().items() if row.task == "classification"]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_nothing_is_said_of_published_classifiers(name: str) -> None:
    """But for the deep VGGs, which their authors could train only from weights of shallower ones."""
    depth = {"vgg13": 13, "vgg16": 16, "vgg19": 19}.get(name)
    said = [f"{depth} layers with weights have neither norms nor shortcuts: add `bn` after convolutions"]
    assert training_advice(cnncalc.load(name)) == (said if depth else [])

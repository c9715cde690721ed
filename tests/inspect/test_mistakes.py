"""Mistakes and statistics, next to a computation by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import cnncalc
from cnncalc.inspect.confusions import most_confused, shade
from cnncalc.inspect.look import mistakes_part, percent
from cnncalc.inspect.mistakes import MOST, try_out
from cnncalc.inspect.statistics import layer_statistics
from tests.inspect.subjects import make_subject, noise

SPEC = "input 6x6x1\nconv 3x3x4 - relu - pool2\nfc 3"
LABELS = [0, 1, 2] * 30


def test_the_worst_come_first(tmp_path: Path) -> None:
    """Those with the smallest probability of their own class, of all that are wrong, sorted by hand."""
    subject = make_subject(tmp_path, SPEC, images=noise(90, 6, 6), labels=LABELS)
    tried = try_out(subject)
    pixels, labels = subject.fetch(torch.arange(90))
    with torch.no_grad():
        shares = functional.softmax(subject.module(pixels / 255).flatten(1), 1)
    own = shares.gather(1, labels[:, None])[:, 0]
    wrong = [index for index in range(90) if int(shares[index].argmax()) != int(labels[index])]
    expected = sorted(wrong, key=lambda index: float(own[index]))[:MOST]
    assert [mistake.image for mistake in tried.mistakes] == expected
    for mistake in tried.mistakes:
        assert mistake.label == int(labels[mistake.image])
        assert mistake.predicted == int(shares[mistake.image].argmax())
        assert mistake.right == pytest.approx(float(own[mistake.image]), rel=1e-4)
        assert mistake.sure == pytest.approx(float(shares[mistake.image].max()), rel=1e-4)
    assert tried.evaluation.images - tried.evaluation.right == len(wrong)
    text = f"Of {len(wrong)} misclassified images, those whose true class has the lowest probability. "
    assert mistakes_part(subject, tried).text == text + "The predicted class stands above the true one."


def test_where_nothing_is_wrong_that_is_said(tmp_path: Path) -> None:
    """Class 1 has a large bias, and every image is of class 1."""
    weights = {"fc1.bias": torch.tensor([0.0, 100.0, 0.0])}
    labels = [1] * 6
    images = noise(9, 6, 6)
    subject = make_subject(tmp_path, SPEC, weights=weights, images=images, labels=[*labels, 0, 1, 2])
    subject = subject._replace(
        images=subject.images and subject.images._replace(split=subject.images.split.subset(torch.arange(6)))
    )
    assert mistakes_part(subject, try_out(subject)).text == "Nothing: every image was classified correctly."


def test_statistics_are_those_of_all_numbers(tmp_path: Path) -> None:
    """NumPy on everything that the layers make; unit 2 of the ReLU has a bias that no image overcomes."""
    weights = {"conv1.bias": torch.tensor([0.1, 0.1, -1000.0, 0.1])}
    subject = make_subject(tmp_path, SPEC, weights=weights)
    pixels = torch.from_numpy(noise(40, 1, 6, 6))
    found = layer_statistics(subject, subject.network.layers[:2], pixels)
    convolved = subject.module.conv1(pixels / 255).detach().double().numpy()
    for one, values in zip(found, (convolved, np.maximum(convolved, 0)), strict=True):
        assert one.mean == pytest.approx(values.mean(), rel=1e-5)
        assert one.deviation == pytest.approx(values.std(), rel=1e-5)
        assert one.zeros == (values == 0).mean()
        assert one.dead == (values == 0).all((0, 2, 3)).sum()
    assert found[1].dead == 1
    assert found[0].weights == pytest.approx(float(subject.module.conv1.weight.detach().numpy().std()))
    assert found[1].weights is None


def test_without_images_only_the_weights_are_known(tmp_path: Path) -> None:
    subject = make_subject(tmp_path, SPEC)
    (first,) = layer_statistics(subject, subject.network.layers[:1], None)
    assert (first.mean, first.zeros, first.dead) == (None, None, None)
    assert first.weights is not None


def test_confusions_are_listed_by_how_often() -> None:
    confusion = [[9, 1, 0], [4, 5, 2], [0, 4, 6]]
    assert [(one.label, one.predicted, one.images) for one in most_confused(confusion)] == [
        (1, 0, 4),
        (2, 1, 4),
        (1, 2, 2),
        (0, 1, 1),
    ]
    assert [shade(images, 100) for images in (0, 1, 5, 20, 50, 100)] == [0, 1, 2, 3, 4, 4]


def test_small_probabilities_keep_a_digit() -> None:
    assert [percent(share) for share in (1e-9, 0.004, 0.0994, 0.0996, 0.5, 1)] == [
        "<0.1%",
        "0.4%",
        "9.9%",
        "10%",
        "50%",
        "100%",
    ]


def test_the_module_is_the_one_of_the_spec(tmp_path: Path) -> None:
    """A softmax at the end is left out, since probabilities are made of logits; weights are those of the file."""
    subject = make_subject(tmp_path, SPEC + " - softmax")
    state = cnncalc.build(cnncalc.load(SPEC), seed=0).state_dict()
    assert subject.network.layers[-1].name == "fc1"
    assert all(torch.equal(value, state[name]) for name, value in subject.module.state_dict().items())

"""Runs on other tasks than classes: what is predicted for an image, and what a test comes to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageColor

from cnncalc.inspect.html import part_html
from cnncalc.inspect.look import look_at
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.parts import LookPart
from cnncalc.inspect.sheet import look_sheet
from cnncalc.inspect.subject import Subject, subject_of_run
from tests.train.conftest import folder  # noqa: F401
from tests.train.runs import train
from tests.train.tasks.scenes import scenes
from tests.train.tasks.test_training import SMALL, write_data


def subject_of(name: str, folder: Path) -> Subject:  # noqa: F811
    """Return the network of a run of an epoch on scenes."""
    train(SMALL[name], "run", data=write_data(name, folder), epochs=1, batch=8)
    return subject_of_run("run", "best", torch.device("cpu"), {})


def parts_of(subject: Subject, *only: str, images: tuple[str, ...] = ()) -> list[LookPart]:
    return list(look_at(subject, LookOptions(images=images, only=only, layers=("conv1",))).parts)


def logits_of_first(subject: Subject) -> torch.Tensor:
    """Return what PyTorch's module makes of the first test image."""
    pixels = torch.tensor(scenes(16, 1, 16)[0][:1])[:, None]
    with torch.no_grad():
        return subject.module(subject.augmenter.plain(pixels))[0].float()


def coloured(mask: np.ndarray, colours: list[str]) -> np.ndarray:
    """Return a mask in colours, enlarged 8 times to 128 pixels."""
    table = np.array([ImageColor.getrgb(colour) for colour in colours], dtype=np.uint8)
    return table[mask].repeat(8, 0).repeat(8, 1)


def test_masks_stand_beside_their_image(folder: Path) -> None:  # noqa: F811
    """The true one and the predicted one, the likeliest class of each pixel; of a photo the predicted one alone."""
    subject = subject_of("masks", folder)
    row = parts_of(subject, "maps")[0].rows[0]
    colours = ["#22282e", "#0072b2", "#d55e00"]
    assert [shot.lines for shot in row.shots] == [(), ("mask",), ("predicted",)]
    assert (row.shots[1].picture[..., :3] == coloured(scenes(16, 1, 16)[1][0], colours)).all()
    predicted = coloured(logits_of_first(subject).argmax(0).numpy(), colours)
    assert (row.shots[2].picture[..., :3] == predicted).all()
    Image.fromarray(scenes(16, 1, 16)[0][0]).save("photo.png")
    photo = parts_of(subject, "maps", images=("photo.png",))[0].rows[0]
    assert [shot.lines for shot in photo.shots] == [(), ("predicted",)]
    assert (photo.shots[1].picture[..., :3] == predicted).all()


def test_numbers_and_labels_are_predicted(folder: Path) -> None:  # noqa: F811
    """The outputs of the module themselves, and their logistic function."""
    subject = subject_of("regression", folder)
    names = subject.classes
    [found] = [line for line in parts_of(subject, "maps")[0].rows[0].lines if line.startswith("predicted: ")]
    numbers = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, logits_of_first(subject), strict=True))
    assert found == f"predicted: {numbers.replace('-', '−')}"
    subject = subject_of_labels(folder)
    scores = dict(parts_of(subject, "maps")[0].rows[0].scores)
    expected = dict(zip(subject.classes, logits_of_first(subject).sigmoid().tolist(), strict=True))
    assert scores.keys() == expected.keys()
    assert all(abs(scores[name] - expected[name]) < 1e-6 for name in scores)


def subject_of_labels(folder: Path) -> Subject:  # noqa: F811
    train(SMALL["labels"], "labelled", data=write_data("labels", folder), epochs=1, batch=8)
    return subject_of_run("labelled", "best", torch.device("cpu"), {})


def test_a_test_is_shown_as_evaluate_shows_it(folder: Path) -> None:  # noqa: F811
    """A line for each fact and a row for each class, also on a sheet."""
    subject = subject_of("masks", folder)
    [part] = parts_of(subject, "metrics")
    assert [word for word, _ in part.facts] == ["tested", "mean IoU", "mean Dice", "accuracy", "loss"]
    assert part.table is not None
    titles, rows, _ = part.table.shown(str)
    page = "".join(part_html(part, "test"))
    for word, text in part.facts:
        assert f"<div><dt>{word}</dt><dd>{text}</dd></div>" in page
    assert titles == ["class", "pixels", "IoU", "Dice", "precision", "recall"]
    pixels = np.bincount(scenes(16, 1, 16)[1].ravel(), minlength=3)
    assert [row[1] for row in rows] == [f"{count:,}" for count in pixels]
    assert page.count('<th scope="row">') == 3
    assert look_sheet(look_at(subject, LookOptions(only=("metrics",))), "light")[:4] == b"\x89PNG"

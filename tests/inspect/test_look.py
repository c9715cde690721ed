"""A look at a network: what it says where something cannot be shown, and the sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncalc.inspect.html import look_page
from cnncalc.inspect.look import look_at
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.sheet import look_sheet
from tests.inspect.subjects import look, make_subject, noise


def test_of_many_classes_the_most_frequent_confusions_are_shown(tmp_path: Path) -> None:
    """30 classes: a matrix of 900 cells says less than the pairs that are confused most."""
    page = "".join(look_page(look(tmp_path, many=30), "1"))
    assert "The most frequent confusions" in page
    assert "Confusion matrix" not in page


@pytest.mark.parametrize(
    ("spec", "size"), [("input 20x2\nconv 3x4 - relu\nfc 3", (20, 2)), ("input 6x6x6x1\nconv 3x3x3x2\nfc 3", (6, 6, 6))]
)
def test_other_dimensions_say_what_cannot_be_shown(tmp_path: Path, spec: str, size: tuple[int, ...]) -> None:
    """A signal and a volume: metrics and the mistakes by name, and a sentence for each kind of picture."""
    subject = make_subject(tmp_path, spec, images=noise(30, *size), labels=[0, 1, 2] * 10)
    parts = {part.title: part for part in look_at(subject, LookOptions()).parts}
    why = f"the input {subject.network.input} has no height and width"
    assert parts["Filters of the first layer"].text == f"They cannot be shown: {why}."
    assert parts["Maps"].text == f"They cannot be shown: {why}."
    assert parts["Patches that activate units most"].text == f"It cannot be shown: {why}."
    assert "They have no height and width to show: image " in parts["Worst mistakes"].text
    assert parts["Precision, recall, F1 and the confusion matrix"].evaluation is not None


def test_a_network_with_several_outputs_has_maps_and_no_classes(tmp_path: Path) -> None:
    """Which of its outputs are classes is not known: nothing is predicted."""
    subject = make_subject(tmp_path, "input 6x6x1\nconv 3x3x4 - relu - gap\na: fc 3\nb: fc 2\noutput @a @b")
    Image.fromarray(noise(1, 6, 6)[0]).save(tmp_path / "image.png")
    found = look_at(subject, LookOptions(images=(str(tmp_path / "image.png"),)))
    rows = found.parts[1].rows
    assert found.answer.startswith("6x6x1 → a 1x1x3, b 1x1x2")
    assert [row.title for row in rows][:3] == ["input", "conv1", "relu1"]
    assert rows[0].scores == ()


def test_images_of_many_channels_are_shown_as_their_mean(tmp_path: Path) -> None:
    """Filters have a tile for each channel, and everything else is as for grey images."""
    images = noise(30, 8, 8, 5)
    subject = make_subject(tmp_path, "input 8x8x5\nconv 3x3x4 - relu\nfc 3", images=images, labels=[0, 1, 2] * 10)
    parts = look_at(subject, LookOptions()).parts
    photo = parts[1].rows[0].shots[0].picture
    step = photo.shape[0] // 8
    assert np.abs(photo[::step, ::step, 0].astype(float) - images[0].mean(2)).max() <= 0.5


def test_the_sheet_of_everything(tmp_path: Path) -> None:
    """Light and dark are of one size, since only colours differ."""
    everything = look(tmp_path)
    sizes = {look_sheet(everything, theme)[16:24] for theme in ("light", "dark")}  # width and height in a PNG's header
    assert len(sizes) == 1
    assert look_sheet(look(tmp_path, many=30), "light")[:8] == b"\x89PNG\r\n\x1a\n"

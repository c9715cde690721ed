"""The picture of a batch shows what the first step sees, and nothing is trained."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cnncalc.commands.cli import run
from cnncalc.network import SpecSettings
from cnncalc.train.engine.session import Session
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run import choosing, show_batch
from cnncalc.train.show.batch_sheet import batch_sheet
from tests.train.data.files import write_images
from tests.train.runs import DIGITS, SHORT, SPEC, Heard, train
from tests.train.tasks.test_training import SMALL, write_data

PLAIN = {"shift": 0, "flip": "none"}


def first_of(**changes: Any) -> tuple[torch.Tensor, list[str], torch.Tensor | None]:
    """Return the first batch of a run, with what each image shows, as `show_batch` finds it."""
    recipe = load_recipe("default", SHORT | changes)
    asked = choosing.TrainRequest(SPEC, SpecSettings(), recipe, DIGITS, "cpu", None)
    with choosing.joined("cpu") as place:
        return show_batch.first_batch(Session(choosing.chosen_plan(asked, place).plan))


def test_it_is_what_the_first_step_sees(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, with all that is random: what goes into the network in the first step of the run."""
    settings = {"augment": "rotation=20", "shift": 2, "cutmix": 1.0, "speed": "plain", "channels_last": False}
    images, _, _ = first_of(**settings)
    seen: list[torch.Tensor] = []

    def watch(session: Session) -> None:
        session.module.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
        seen.append(session.augmenter.shown)  # type: ignore[arg-type]

    heard = Heard()
    monkeypatch.setattr(heard, "watch", watch)
    train(SPEC, "run", heard=heard, **settings)
    shown, first = seen[:2]
    assert torch.equal(shown(first), images)  # type: ignore[operator]


def test_captions_name_the_classes_and_the_shares_of_mixed_images() -> None:
    _, plain, _ = first_of(**PLAIN)
    assert set(plain) <= set("0123456789")
    _, mixed, _ = first_of(**PLAIN, mixup=0.5)
    assert all(caption.split("%")[0].isdecimal() for caption in mixed)


def test_a_sheet_has_the_pixels_of_the_images() -> None:
    """Three images of 2x2 are enlarged 48 times, and lie beside each other."""
    images = torch.tensor([[[[0.0, 1.0], [0.2, 0.4]]]]).expand(3, 3, 2, 2)
    sheet = np.asarray(Image.open(BytesIO(batch_sheet(images, ["cat", "a long name of a class", "\x1b[31m"]))))
    assert sheet[16:112:48, 16:112:48].tolist() == [[[0] * 3, [255] * 3], [[51] * 3, [102] * 3]]
    assert sheet.shape == (2 * 16 + 96 + 18, 2 * 16 + 3 * 96 + 2 * 10, 3)


def test_masks_are_shown_beside_their_images() -> None:
    """Class 0 is dark, others have colours, and what belongs to no class is light grey."""
    masks = torch.tensor([[[0, 1], [2, 255]]])
    sheet = np.asarray(Image.open(BytesIO(batch_sheet(torch.zeros(1, 1, 2, 2), [""], masks))))
    colours = [tuple(sheet[16 + row, 16 + 96 + 2 + column].tolist()) for row in (0, 48) for column in (0, 48)]
    assert colours == [(34, 40, 46), (0, 114, 178), (213, 94, 0), (221, 226, 231)]


@pytest.mark.parametrize(
    "shape", [(2, 1, 300), (2, 6, 40), (2, 5, 8, 8), (2, 1, 4, 9, 9), (2, 1, 22, 128), (1, 3, 300, 200)]
)
def test_signals_volumes_and_any_channels_are_shown(shape: tuple[int, ...]) -> None:
    assert batch_sheet(torch.rand(shape), ["a"] * shape[0]).startswith(b"\x89PNG")


def test_the_command_writes_the_picture_and_ends(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(folder / "pets", count=5)
    Path("net.txt").write_text("input 8x8x3\ngap - fc 2")
    assert run(["train", "net.txt", "--data", "pets", "--augment", "colour", "--show-batch", "batch.png"]) == 0
    assert capsys.readouterr().out == "batch.png: the 9 images of the first batch, as they are trained on\n"
    assert sorted(path.name for path in folder.iterdir()) == ["batch.png", "net.txt", "pets"]


def test_another_ending_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "input 8x8x1\nfc 10", "--show-batch", "batch.jpg"]) == 2
    assert "'batch.jpg' does not end in .png" in capsys.readouterr().err


def test_the_classes_of_masks_stand_below_with_their_colours() -> None:
    """A line of 18 pixels for two names, and more lines where the sheet is narrow; without masks there is none."""
    images, masks = torch.zeros(6, 1, 48, 48), torch.zeros(6, 48, 48)
    captions = [""] * 6

    def sheet(*classes: str) -> Image.Image:
        return Image.open(BytesIO(batch_sheet(images, captions, masks if classes else None, classes)))

    plain = Image.open(BytesIO(batch_sheet(images, captions, masks)))
    named = sheet("ground", "disc")
    assert named.size == (plain.width, plain.height + 18)
    colours = {named.getpixel((x, named.height - 26)) for x in range(named.width)}
    assert {(0x22, 0x28, 0x2E), (0x00, 0x72, 0xB2)} <= colours
    assert sheet(*(["a long name of a class"] * 12)).height > named.height


def test_mixed_images_with_masks_have_no_caption(folder: Path) -> None:
    """Both masks are pictures: words would be shares of nothing."""
    recipe = load_recipe("default", SHORT | {"mixup": 0.5})
    data = write_data("masks", folder)
    asked = choosing.TrainRequest(SMALL["masks"], SpecSettings(), recipe, data, "cpu", None)
    with choosing.joined("cpu") as place:
        _, captions, masks = show_batch.first_batch(Session(choosing.chosen_plan(asked, place).plan))
    assert set(captions) == {""} and masks is not None

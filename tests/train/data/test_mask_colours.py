"""Masks in colours, with the table that tools write beside them; and masks in folders of any names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.train.data.files import load, noise
from tests.train.data.test_masks import mask, masks_of, write

Complaint = Callable[..., str]

COLOURS = np.array([[0, 0, 0], [250, 50, 83], [51, 221, 255]], np.uint8)
NAMES = ("background", "car", "사람")
TABLES = {
    "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:250,50,83::\n사람:51,221,255::\n",
    "class_dict.csv": "name,r,g,b\nbackground,0,0,0\ncar,250,50,83\n사람,51,221,255\n",
    "label_colors.txt": "0 0 0\tbackground\n250 50 83\tcar\n51 221 255\t사람\n",
}


def write_coloured(folder: Path, table: str, text: str, *, palette: bool = False) -> None:
    """Write two images with masks of three classes in their colours, and a table."""
    write(folder, [mask(0, 1, 2), mask(2, 1, 0)])
    for number, values in enumerate((mask(0, 1, 2), mask(2, 1, 0))):
        picture = Image.fromarray(COLOURS[values])
        if palette:  # in another order than the classes
            picture = picture.quantize(palette=_palette([2, 1, 0]))
        picture.save(folder / "masks" / f"{number}.png")
    (folder / table).write_text(text, encoding="utf-8")


def _palette(order: list[int]) -> Image.Image:
    found = Image.new("P", (1, 1))
    found.putpalette(COLOURS[order].reshape(-1).tolist())
    return found


@pytest.mark.parametrize("palette", [False, True])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_a_table_says_which_class_has_which_colour(folder: Path, table: str, streamed: bool, palette: bool) -> None:
    """Those of CVAT and of two copies of CamVid."""
    write_coloured(folder / "d", table, TABLES[table], palette=palette)
    limit = {"memory_limit": 1, "workers": 0} if streamed else {}
    dataset = load("d", "4x4x3", 3, **limit)
    assert dataset.classes == NAMES
    assert masks_of(dataset.train).tolist() == [mask(0, 1, 2).tolist(), mask(2, 1, 0).tolist()]


def test_a_csv_of_masks_in_colours(folder: Path) -> None:
    write_coloured(folder / "d", "labelmap.txt", TABLES["labelmap.txt"])
    (folder / "d" / "t.csv").write_text("file,mask\nimages/0.jpg,masks/0.png\nimages/1.jpg,masks/1.png\n")
    dataset = load("d/t.csv", "4x4x3", 3, task="masks")
    assert dataset.classes == NAMES
    assert masks_of(dataset.train)[1].tolist() == mask(2, 1, 0).tolist()


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        (
            "background:0,0,0::\ncar:250,50,83::\n",
            "error[unreadable-image]: 2 of 2 masks cannot be read\n"
            "  = `d/masks/0.png`: it has the colour 51,221,255, which labelmap.txt does not name\n"
            "  = `d/masks/1.png`: it has the colour 51,221,255, which labelmap.txt does not name",
        ),
        (
            "background:0,0,0::\ncar 250\n",
            "error[bad-data]: line 2 of `d/labelmap.txt` is `car 250`\n"
            "  = it names a class and its colour: car:250,50,83 in labelmap.txt",
        ),
        (
            "background:0,0,0::\ncar:0,0,0::\n",
            "error[bad-data]: `d/labelmap.txt` gives car the colour of another class",
        ),
        (
            "background:0,0,0::\ncar:0,0,999::\n",
            "error[bad-data]: `d/labelmap.txt` has a colour of 999; red, green and blue go from 0 to 255",
        ),
        ("car:0,0,0::\n", "error[bad-data]: `d/labelmap.txt` names 1 classes, and masks have 2 to 255"),
    ],
)
def test_tables_that_do_not_suit(folder: Path, complaint: Complaint, text: str, complains: str) -> None:
    write_coloured(folder / "d", "labelmap.txt", text)
    assert complaint(load, "d", "4x4x3", 3) == complains


def test_masks_with_a_channel_for_each_class(folder: Path, complaint: Complaint) -> None:
    """As Keras' `to_categorical` makes them."""
    values = np.stack([mask(0, 1, 2), mask(2, 1, 0)])
    np.savez("d.npz", images=noise(2, 4, 4, 3), masks=np.eye(3, dtype=np.float32)[values])
    assert masks_of(load("d.npz", "4x4x3", 3, task="masks").train).tolist() == values.tolist()
    np.savez("d.npz", images=noise(2, 4, 4, 3), masks=np.ones((2, 4, 4, 3), np.uint8))
    assert complaint(load, "d.npz", "4x4x3", 3, task="masks") == (
        "error[bad-data]: masks in `d.npz` has the shape 2 x 4 x 4 x 3, "
        "and a pixel that is not a single 1 among zeros\n"
        "  = masks are N x H x W with a class for each pixel, or one-hot"
    )


def test_masks_beside_their_images(folder: Path) -> None:
    """As in data of ultrasound (`benign (1)_mask.png`) and of MRI; a second mask is left out and named."""
    (folder / "d" / "benign").mkdir(parents=True)
    for number in range(3):
        Image.fromarray(noise(4, 4, 3, seed=number)).save(folder / "d" / "benign" / f"b ({number}).png")
        Image.fromarray(mask(0, number)).save(folder / "d" / "benign" / f"b ({number})_mask.png")
    Image.fromarray(mask(0, 1)).save(folder / "d" / "benign" / "b (0)_mask_1.png")
    dataset = load("d", "4x4x3", 3, task="masks")
    assert masks_of(dataset.train).tolist() == [mask(0, number).tolist() for number in range(3)]
    fault = "it is neither an image with a mask beside it nor such a mask"
    assert dataset.skipped == (f"`d/benign/b (0)_mask_1.png`: {fault}",)


@pytest.mark.parametrize(("images", "masks", "ending"), [("이미지", "마스크", ""), ("Input", "GroundTruth", "_seg")])
def test_folders_of_any_names_where_masks_are_learned(folder: Path, images: str, masks: str, ending: str) -> None:
    """Which of two folders holds the masks is seen by the names of the files and by their colours."""
    for name in (images, masks):
        (folder / "d" / name).mkdir(parents=True)
    for number in range(2):
        Image.fromarray(noise(16, 16, 3, seed=number)).save(folder / "d" / images / f"{number}.png")
        Image.fromarray(mask(0, 1, 2, size=16)).save(folder / "d" / masks / f"{number}{ending}.png")
    assert masks_of(load("d", "16x16x3", 3, task="masks").train)[0].tolist() == mask(0, 1, 2, size=16).tolist()
    assert load("d", "16x16x3", 2, task="classes").kind == "classes"

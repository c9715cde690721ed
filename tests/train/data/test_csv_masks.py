"""Tables of images and masks, and the folders of masks that people have on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnncalc.train.data import Split
from tests.train.data.files import load, noise

Complaint = Callable[..., str]


def draw(path: Path, *values: int, size: int = 4) -> None:
    """Write a mask whose pixels go through some values; an image of noise, where none are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, path.stem))
    pixels = np.resize(np.array(values, np.uint8), (size, size)) if values else noise(size, size, 3, seed=seed)
    Image.fromarray(pixels).save(path)


def first_pixels(split: Split | None) -> list[list[int]]:
    """Return the classes of the first two pixels of each mask."""
    assert split is not None
    [(_, masks)] = split.batches([torch.arange(len(split))])
    return [mask.flatten()[:2].tolist() for mask in masks]


@pytest.fixture
def pairs(folder: Path) -> Path:
    """Return a folder with three images in `photos` and their masks in `masks`."""
    for name, values in (("a", (0, 1)), ("b", (1, 0)), ("c", (2, 255))):
        draw(folder / "photos" / f"{name}.jpg")
        draw(folder / "masks" / f"{name}.png", *values)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "file,mask\nphotos/a.jpg,masks/a.png\nphotos/b.jpg,masks/b.png\nphotos/c.jpg,masks/c.png\n",
        "photos/a.jpg,masks/a.png\nphotos/b.jpg,masks/b.png\nphotos/c.jpg,masks/c.png\n",
        "Image;Label\nphotos/a.jpg;a.png\nphotos/b.jpg;b.png\nphotos/c.jpg;c.png\n",
        ",mask_path,image_path\n0,a,photos/a\n1,b,photos/b\n2,c,photos/c\n",
    ],
    ids=["titles", "no titles", "semicolons, masks beside the table", "from pandas, no endings"],
)
def test_a_table_of_masks(pairs: Path, text: str) -> None:
    (pairs / "t.csv").write_text(text)
    dataset = load("t.csv", "4x4x3", 3, task="masks")
    assert (dataset.kind, dataset.classes) == ("masks", ("0", "1", "2"))
    assert first_pixels(dataset.train) == [[0, 1], [1, 0], [2, 255]]


def test_the_parts_and_the_names_of_the_classes(pairs: Path) -> None:
    """The limit is for the training images alone; names stand beside the table."""
    (pairs / "classes.txt").write_text("sky\nroad\ncar\n")
    rows = "photos/a.jpg,masks/a.png,False\nphotos/b.jpg,masks/b.png,False\nphotos/c.jpg,masks/c.png,True\n"
    (pairs / "t.csv").write_text(f"file,mask,is_valid\n{rows}")
    dataset = load("t.csv", "4x4x3", 3, task="masks", limit=1)
    assert dataset.classes == ("sky", "road", "car")
    assert (first_pixels(dataset.train), first_pixels(dataset.validation)) == ([[0, 1]], [[2, 255]])


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        (
            "file,mask\nphotos/a.jpg,masks/a.png\nphotos/b.jpg,\n",
            "error[bad-data]: line 3, column mask of `t.csv` has no mask\n"
            "  = name its mask there, an image file, or leave the line out",
        ),
        (
            "file,mask\n,masks/a.png\n",
            "error[bad-data]: line 2, column file of `t.csv` has no file",
        ),
        (
            "file,label\nphotos/a.jpg,cat\nphotos/b.jpg,masks/b.png\n",
            "error[no-such-data]: 1 of 2 masks that `t.csv` names are not there\n"
            "  = line 2, column label: `cat`\n"
            "  = paths are looked up from the table's folder\n"
            "  = a network learns classes where it ends with `gap - fc 10`, and not in an output as large as its input",
        ),
        (
            "file,EncodedPixels\nphotos/a.jpg,1 3 10 5\n",
            "error[bad-data]: `t.csv` has masks as run lengths in its column EncodedPixels, and masks are image files\n"
            "  = write them as PNG files, and name these in a column mask",
        ),
        (
            "file,age\nphotos/a.jpg,3\n",
            "error[bad-data]: `t.csv` has no columns file and mask, and the network learns masks\n"
            "  = its first line is file, age\n"
            "  = write the titles file,mask in the first line\n"
            "  = a network learns classes where it ends with `gap - fc 10`, and not in an output as large as its input",
        ),
        (
            "file,mask\nphotos/a.jpg,masks/big.png\n",
            "error[unreadable-image]: 1 of 1 images cannot be read\n  = `masks/big.png`: it is 5x5, and its image 4x4",
        ),
    ],
)
def test_what_a_table_of_masks_cannot_say(pairs: Path, complaint: Complaint, text: str, complains: str) -> None:
    draw(pairs / "masks" / "big.png", 0, 1, size=5)
    (pairs / "t.csv").write_text(text)
    assert complaint(load, "t.csv", "4x4x3", 3, task="masks").replace(f"{pairs}/", "") == complains


# ---- folders


def test_pascal_voc(folder: Path) -> None:
    """Most images have no mask: lists say which have, for each part. Archives hold a folder in a folder."""
    voc = folder / "data" / "VOCdevkit" / "VOC2012"
    for name in "abcde":
        draw(voc / "JPEGImages" / f"{name}.jpg")
    for name, values in (("a", (0, 255)), ("c", (20, 0)), ("d", (3, 4))):
        draw(voc / "SegmentationClass" / f"{name}.png", *values)
        draw(voc / "SegmentationObject" / f"{name}.png", 1, 2)
    lists = voc / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    for part, names in (("train", "c\na\n"), ("val", "d\n"), ("trainval", "a\nc\nd\n"), ("test", "e\n")):
        (lists / f"{part}.txt").write_text(names)
    dataset = load("data", "4x4x3", 21, task="masks")
    assert (dataset.skipped, dataset.test) == ((), None)
    assert (first_pixels(dataset.train), first_pixels(dataset.validation)) == ([[20, 0], [0, 255]], [[3, 4]])


def test_a_list_that_names_another_image(pairs: Path, complaint: Complaint) -> None:
    (pairs / "photos").rename(pairs / "images")
    (pairs / "valid.txt").write_text("a.jpg\nz.jpg\n")
    assert complaint(load, ".", "4x4x3", 3, task="masks") == (
        "error[bad-data]: name 2 of `./valid.txt` is `z.jpg`, and there is no such image\n"
        "  = it names images of `./images`"
    )


@pytest.mark.parametrize(("count", "said"), [(1, "1 class"), (256, "256 classes")])
def test_too_few_or_too_many_names_of_classes(pairs: Path, complaint: Complaint, count: int, said: str) -> None:
    (pairs / "t.csv").write_text("photos/a.jpg,masks/a.png\n")
    (pairs / "codes.txt").write_text("".join(f"class {number}\n" for number in range(count)))
    assert complaint(load, "t.csv", "4x4x3", 3, task="masks").replace(f"{pairs}/", "") == (
        f"error[bad-data]: `codes.txt` names {said}, and masks have 2 to 255\n"
        "  = it has the name of each class on a line"
    )


def test_camvid_as_fastai_has_it(folder: Path) -> None:
    for name in "ab":
        draw(folder / "images" / f"{name}.png")
        draw(folder / "labels" / f"{name}_P.png", 0, 1)
    (folder / "codes.txt").write_text("Animal\nArchway\n")
    (folder / "valid.txt").write_text("b.png\n")
    dataset = load(".", "4x4x3", 2, task="masks")
    assert dataset.classes == ("Animal", "Archway")
    assert [len(split) for _, split in dataset.parts()] == [1, 1]


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("{}/a.png", "{}annot/a.png"),
        ("{}/a.png", "{}_labels/a_L.png"),
        ("{}_images/a.png", "{}_masks/a.png"),
        ("{}/images/a.png", "{}/masks/a.png"),
        ("images/{}2017/a.png", "annotations/{}2017/a.png"),
    ],
    ids=["SegNet", "CamVid", "Kaggle", "parts outside", "COCO-Stuff"],
)
def test_parts_in_folders(folder: Path, images: str, masks: str) -> None:
    for part, values in (("train", (0, 1)), ("val", (1, 1)), ("test", (1, 0))):
        draw(folder / images.format(part))
        draw(folder / masks.format(part), *values)
    dataset = load(".", "4x4x3", 2, task="masks")
    found = {part: first_pixels(split) for part, split in dataset.parts()}
    assert found == {"training": [[0, 1]], "validation": [[1, 1]], "test": [[1, 0]]}


def test_the_pets_of_oxford(folder: Path) -> None:
    """Their masks lie in a further folder, and go from 1 to 3."""
    draw(folder / "images" / "Abyssinian_1.jpg")
    draw(folder / "annotations" / "trimaps" / "Abyssinian_1.png", 1, 2, 3)
    dataset = load(".", "4x4x3", 3, task="masks")
    assert (dataset.classes, first_pixels(dataset.train)) == (("0", "1", "2"), [[0, 1]])
    assert dataset.notes == ("the masks go from 1 to 3: classes are counted from 1",)


def test_polygons_of_coco(folder: Path, complaint: Complaint) -> None:
    draw(folder / "train2017" / "a.jpg")
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances_train2017.json").write_text("{}")
    assert complaint(load, ".", "4x4x3", 3, task="masks") == (
        "error[data-differs]: `.` has no folders of images and of masks, and the network learns masks\n"
        "  = `./annotations/instances_train2017.json` holds polygons, if it is COCO's; draw them into image files\n"
        "  = images lie in `images`, and masks of the same names in `masks`\n"
        "  = a network learns classes where it ends with `gap - fc 10`, and not in an output as large as its input"
    )

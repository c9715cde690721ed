"""How folders of images may be laid out: the names of parts, what is passed over, and what is not clear."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnncalc.train.data import Dataset
from cnncalc.train.data.folder_layout import LAYOUT, OF_SYSTEMS, PARTS, images_below
from tests.train.data.files import load, write_images

Complaint = Callable[..., str]


def sizes(dataset: Dataset) -> dict[str, int]:
    """Return how many images each part has."""
    return {part: len(split) for part, split in dataset.parts()}


def write_parts(folder: Path, *names: str) -> None:
    """Write 6 images into the first folder, 4 into the second and 2 into the third, of two classes each."""
    for name, count in zip(names, (3, 2, 1), strict=False):
        write_images(folder / name, count=count)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([""], {"training": 6}),
        (["train"], {"training": 6}),
        (["train", "test"], {"training": 6, "test": 4}),
        (["train", "val"], {"training": 6, "validation": 4}),
        (["train", "valid"], {"training": 6, "validation": 4}),
        (["train", "validation", "test"], {"training": 6, "validation": 4, "test": 2}),
        (["Train", "Test"], {"training": 6, "test": 4}),
        (["training", "testing"], {"training": 6, "test": 4}),
        (["training_set", "test_set"], {"training": 6, "test": 4}),
        (["TRAIN", "Val", "test"], {"training": 6, "validation": 4, "test": 2}),
    ],
)
def test_parts_are_read_for_what_their_folders_say(folder: Path, names: list[str], found: dict[str, int]) -> None:
    write_parts(folder / "pets", *names)
    dataset = load("pets", "8x8x3")
    assert (sizes(dataset), dataset.classes, dataset.skipped) == (found, ("cat", "dog"), ())


@pytest.mark.parametrize("part", PARTS)
def test_every_name_of_a_part_is_read_alike(folder: Path, part: str) -> None:
    """With dashes too, and in capitals."""
    for number, name in enumerate(PARTS[part]):
        place = folder / str(number)
        write_parts(place, name.upper().replace("_", "-"), *(["train"] if part != "training" else []))
        assert part in sizes(load(str(place), "8x8x3"))


@pytest.mark.parametrize("name", [*OF_SYSTEMS, "__MACOSX", ".ipynb_checkpoints", ".git"])
def test_what_systems_leave_behind_is_no_class(folder: Path, name: str) -> None:
    """Beside the parts, among the classes and inside of them."""
    write_parts(folder / "pets", "train", "test")
    for place in ("", "train", "test", "train/cat"):
        write_images(folder / "pets" / place / name)
        (folder / "pets" / place / "Thumbs.db").write_bytes(b"no image")
    dataset = load("pets", "8x8x3")
    assert (sizes(dataset), dataset.classes, dataset.skipped) == ({"training": 6, "test": 4}, ("cat", "dog"), ())


def test_a_folder_beside_train_that_is_not_used_is_named(folder: Path) -> None:
    """Of ImageNet's test images nobody has the labels; `extra` might be anything."""
    write_parts(folder / "pets", "train", "extra")
    (folder / "pets" / "test").mkdir()
    assert load("pets", "8x8x3").skipped == (
        "`pets/extra`: it is neither train, val nor test",
        "`pets/test`: it has no folders of classes",
    )


def test_a_class_may_be_called_train(folder: Path) -> None:
    """Without folders in it, `train` is a class like `ship`."""
    write_images(folder / "vehicles", ("ship", "train"))
    assert load("vehicles", "8x8x3").classes == ("ship", "train")


def test_what_lies_beside_the_images_is_passed_over(folder: Path) -> None:
    """Hidden files and folders, and files that are no images by their name; folders inside a class are looked into."""
    write_images(folder / "pets")
    write_images(folder / "pets" / ".hidden")
    write_images(folder / "pets" / "cat", ("black/old", ".cache"), count=1)
    (folder / "pets" / "cat" / "notes.txt").write_text("they purr")
    (folder / "pets" / "cat" / "._0.png").write_text("of another system")
    (folder / "pets" / "cat" / "circle").symlink_to(folder / "pets", target_is_directory=True)

    assert load("pets", "8x8x3").train.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_a_class_may_be_a_link(folder: Path) -> None:
    """As people make small sets out of ImageNet."""
    write_images(folder / "all", ("cat", "cow", "dog"))
    (folder / "few").mkdir()
    for name in ("cat", "dog"):
        (folder / "few" / name).symlink_to(folder / "all" / name, target_is_directory=True)
    assert load("few", "8x8x3").classes == ("cat", "dog")


def test_test_images_need_not_have_all_classes(folder: Path) -> None:
    """The labels are those of the training classes."""
    write_images(folder / "pets" / "train", ("cat", "cow", "dog"))
    write_images(folder / "pets" / "test", ("dog",))
    assert load("pets", "8x8x3").test.labels.tolist() == [2, 2, 2]


# ---- what is not clear


def test_an_empty_folder(folder: Path, complaint: Complaint) -> None:
    (folder / "pets").mkdir()
    assert complaint(load, "pets", "8x8x3") == f"error[bad-data]: pets has no classes\n  = {LAYOUT}"


def test_a_folder_with_one_class(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets" / "train", ("cat",))
    assert complaint(load, "pets", "8x8x3") == (
        f"error[bad-data]: pets has one class, `cat`: a classifier needs two or more\n  = {LAYOUT}"
    )


def test_classes_without_images(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets")
    for name in ("bee", "cow"):
        (folder / "pets" / name).mkdir()
    assert complaint(load, "pets", "8x8x3") == (
        "error[bad-data]: `pets/bee` has no images\n"
        "  = images are files ending in .jpg, .jpeg, .jfif, .png, .bmp, .gif, .pgm, .ppm, .tif, .tiff, .webp\n"
        "  = the same holds for cow\n"
        "  = put images there, or remove the folder"
    )


def test_a_class_that_is_only_tested(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets" / "train")
    write_images(folder / "pets" / "test", ("cat", "cow"))
    assert complaint(load, "pets", "8x8x3") == (
        "error[bad-data]: `pets/test/cow` is a class that is not trained\n  = the classes of train are cat, dog"
    )


def test_test_images_alone(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets" / "val")
    assert complaint(load, "pets", "8x8x3") == (
        f"error[bad-data]: `pets` has a folder val, and none called train\n  = {LAYOUT}"
    )


@pytest.mark.parametrize(("first", "second"), [("val", "valid"), ("Train", "training")])
def test_two_folders_of_one_part(folder: Path, complaint: Complaint, first: str, second: str) -> None:
    write_parts(folder / "pets", "train" if first == "val" else "test", first, second)
    part = "validation" if first == "val" else "training"
    assert complaint(load, "pets", "8x8x3") == (
        f"error[bad-data]: `pets` has several folders of {part} images: {first}, {second}\n  = keep one of them"
    )


@pytest.mark.parametrize("inside", ["PetImages", "archive/dataset/train"])
def test_a_folder_in_a_folder(folder: Path, inside: str) -> None:
    """As archives are unpacked: with one class in it nothing could be trained."""
    write_images(folder / "pets" / inside)
    dataset = load("pets", "8x8x3")
    assert (dataset.classes, len(dataset.train)) == (("cat", "dog"), 6)
    assert dataset.notes == (f"the images lie in `{inside.removesuffix('/train')}`",)


def test_a_class_alone_with_folders_inside_and_images_is_one_class(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets" / "cat")
    (folder / "pets" / "cat" / "dog" / "0.png").rename(folder / "pets" / "cat" / "x.png")
    for path in (folder / "pets" / "cat" / "dog").iterdir():
        path.unlink()
    assert complaint(load, "pets", "8x8x3") == (
        "error[bad-data]: pets has one class, `cat`: a classifier needs two or more\n"
        f"  = the folder in it has 2: `--data pets/cat`\n  = {LAYOUT}"
    )


def test_parts_with_a_word_more(folder: Path) -> None:
    """As Kaggle's scenes have them, each folder in one of its own name; classes may be called like parts."""
    for part in ("train", "test"):
        write_images(folder / "scenes" / f"seg_{part}" / f"seg_{part}")
    (folder / "scenes" / "seg_pred" / "seg_pred").mkdir(parents=True)
    dataset = load("scenes", "8x8x3")
    assert [part for part, _ in dataset.parts()] == ["training", "test"]
    assert dataset.classes == ("cat", "dog")
    assert dataset.skipped == ("`scenes/seg_pred`: it is neither train, val nor test",)
    write_images(folder / "things", ("train_station", "test_tube"))
    assert load("things", "8x8x3").classes == ("test_tube", "train_station")


def test_an_empty_folder_of_test_images_is_no_class(folder: Path) -> None:
    for part in ("train", "test"):
        write_images(folder / "pets" / part)
    (folder / "pets" / "test" / "bird").mkdir()
    assert load("pets", "8x8x3").classes == ("cat", "dog")


def test_images_of_other_kinds_are_counted(folder: Path) -> None:
    """Whoever has photos of a telephone learns that they are not among those that are trained on."""
    write_images(folder / "pets")
    for name in ("cat/a.heic", "cat/b.HEIC", "dog/c.avif", "dog/notes.txt"):
        (folder / "pets" / name).write_bytes(b"x")
    Path("pets/cat/0.png").rename("pets/cat/0.jfif")
    dataset = load("pets", "8x8x3")
    assert len(dataset.train) == 6
    assert dataset.notes == ("not read: 1 file of .avif, 2 files of .heic; JPEG and PNG files are",)


def test_a_table_beside_images_is_named(folder: Path, complaint: Complaint) -> None:
    write_images(folder, ("pets",))
    (folder / "pets" / "train.csv").write_text("file,label\n0.png,cat\n")
    assert complaint(load, "pets", "8x8x3") == (
        "error[bad-data]: pets has no classes\n"
        "  = it holds a table: `--data pets/train.csv`\n"
        f"  = 3 images lie in it, and in no folder of a class\n  = {LAYOUT}"
    )


def test_images_in_no_folder_of_a_class(folder: Path, complaint: Complaint) -> None:
    write_images(folder, ("pets",))
    assert complaint(load, "pets", "8x8x3") == (
        f"error[bad-data]: pets has no classes\n  = 3 images lie in it, and in no folder of a class\n  = {LAYOUT}"
    )


@pytest.mark.parametrize(("name", "target"), [("all", "."), ("all", ".."), ("train", "/"), ("val", "..")])
def test_links_that_lead_back(folder: Path, complaint: Complaint, name: str, target: str) -> None:
    """A class of all classes, and a part that is the whole disk."""
    write_images(folder / "pets" / {"all": ".", "train": "test", "val": "train"}[name])
    (folder / "pets" / name).symlink_to(target, target_is_directory=True)
    assert complaint(load, "pets", "8x8x3") == (
        f"error[bad-data]: `pets/{name}` is a link to a folder that it lies in\n  = remove the link"
    )


def test_test_folders_without_images(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets" / "train")
    (folder / "pets" / "test" / "cat").mkdir(parents=True)
    assert complaint(load, "pets", "8x8x3") == ("error[bad-data]: `pets/test` has no images in its folders of classes")


# ---- names that are unusual


def test_folders_may_be_deeper_than_functions_may_call_each_other(folder: Path) -> None:
    write_images(folder / "pets")
    deep = folder / "pets" / "cat" / "/".join(["d"] * 200)
    deep.mkdir(parents=True)
    (folder / "pets" / "cat" / "0.png").rename(deep / "0.png")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 150)
    try:
        found = images_below("pets/cat")
    finally:
        sys.setrecursionlimit(before)
    assert len(found) == 3


def test_a_name_that_is_no_text_is_written_with_escapes(folder: Path) -> None:
    """From a zip file of another system; the images are found all the same."""
    write_images(folder / "pets")
    Path("pets/cat").rename(os.fsdecode(b"pets/cat\xff"))
    assert load("pets", "8x8x3").classes == ("cat\\xff", "dog")

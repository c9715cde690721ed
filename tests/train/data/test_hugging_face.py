"""Data sets that Hugging Face's own library saved: the same images, classes and parts, without its help to decode."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cnncalc.train.data import DataRequest, Split, fingerprint
from tests.train.data.files import load, noise
from tests.train.runs import train, weights

datasets = pytest.importorskip("datasets")
datasets.disable_progress_bars()

Complaint = Callable[..., str]
PICTURES = [Image.fromarray(noise(8, 8, 3, seed=place)) for place in range(6)]
LABELS = [0, 1, 2, 0, 1, 2]
NAMES = ["cat", "dog", "emu"]


def table(labels: Any = None, kind: Any = None, **more: Any) -> Any:
    """Return a data set of the library: pictures, and a column of labels."""
    columns = {"image": PICTURES, "label": LABELS if labels is None else labels, **more}
    kinds = {"image": datasets.Image(), "label": kind or datasets.ClassLabel(names=NAMES)}
    kinds |= {name: datasets.Value("string") for name in more}
    return datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))


def all_of(split: Split) -> torch.Tensor:
    ((pixels, _),) = split.batches([torch.arange(len(split))])
    return pixels


WANTED = torch.stack([torch.from_numpy(np.array(picture)).movedim(-1, 0) for picture in PICTURES])


@pytest.mark.parametrize("memory_limit", [2**30, 0], ids=["in memory", "streamed"])
def test_a_data_set_is_what_the_library_decodes(folder: Path, memory_limit: int) -> None:
    table().save_to_disk("pets")
    dataset = load("pets", "8x8x3", memory_limit=memory_limit, workers=0)
    assert (dataset.name, dataset.classes, dataset.train.in_memory) == ("pets", tuple(NAMES), bool(memory_limit))
    assert torch.equal(all_of(dataset.train), WANTED)
    assert dataset.train.labels.tolist() == LABELS


@pytest.mark.slow
def test_a_stream_is_read_by_other_processes(folder: Path) -> None:
    table().save_to_disk("pets")
    assert torch.equal(all_of(load("pets", "8x8x3", memory_limit=0, workers=2).train), WANTED)


def test_parts_are_known_by_the_usual_names(folder: Path) -> None:
    parts = {"train": table(), "validation": table().select([0, 1]), "test": table().select([2]), "extra": table()}
    datasets.DatasetDict(parts).save_to_disk("pets")
    dataset = load("pets", "8x8x3")
    assert {part: len(split) for part, split in dataset.parts()} == {"training": 6, "validation": 2, "test": 1}
    assert dataset.skipped == ("`pets/extra`: it is neither train, val nor test",)


@pytest.mark.parametrize(
    ("labels", "kind", "classes"),
    [
        (LABELS, "int64", ("0", "1", "2")),
        ([NAMES[label] for label in LABELS], "string", tuple(NAMES)),
        ([float(label) for label in LABELS], "float32", ("0", "1", "2")),
    ],
)
def test_plain_columns_of_numbers_and_names_are_classes_too(
    folder: Path, labels: list[Any], kind: str, classes: tuple[str, ...]
) -> None:
    table(labels, datasets.Value(kind)).save_to_disk("pets")
    dataset = load("pets", "8x8x3")
    assert (dataset.classes, dataset.train.labels.tolist()) == (classes, LABELS)


def test_images_that_are_files_are_read_where_they_lie(folder: Path) -> None:
    for place, picture in enumerate(PICTURES):
        picture.save(folder / f"{place}.png")
    paths = [str(folder / f"{place}.png") for place in range(6)]
    cells = [{"bytes": None, "path": path} for path in paths]
    kinds = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.ClassLabel(names=NAMES)})
    datasets.Dataset.from_dict({"image": cells, "label": LABELS}, features=kinds).save_to_disk("pets")
    assert torch.equal(all_of(load("pets", "8x8x3").train), WANTED)


def test_limits_sizes_and_colours_are_those_of_folders(folder: Path) -> None:
    table().save_to_disk("pets")
    dataset = load("pets", "4x4x1", resize="stretch", limit=3)
    assert (len(dataset.train), dataset.train.volume) == (3, (4, 4, 1))
    assert dataset.notes == ("all 3 images are in colour: they are converted to grey",)


def test_it_is_trained_on_and_moved_and_stays_the_same(folder: Path) -> None:
    table().save_to_disk("pets")
    before = fingerprint(load("pets", "8x8x3"))
    train("input 8x8x3\ngap - fc 3", "run", data=DataRequest("pets"), epochs=1, batch=2)
    assert weights("run")
    Path("pets").rename("moved")
    assert fingerprint(load("moved", "8x8x3")) == before


# ---- masks

MASKS = [Image.fromarray(noise(8, 8, seed=place) % 3) for place in range(6)]


def masked(name: str = "mask", **more: Any) -> Any:
    """Return a data set of the library: pictures, and a column of masks."""
    kinds = {"image": datasets.Image(), name: datasets.Image()} | {key: datasets.Value("string") for key in more}
    return datasets.Dataset.from_dict({"image": PICTURES, name: MASKS, **more}, features=datasets.Features(kinds))


@pytest.mark.parametrize("name", ["mask", "label", "Annotation"])
@pytest.mark.parametrize("memory_limit", [2**30, 0], ids=["in memory", "streamed"])
def test_two_columns_of_images_are_images_and_masks(folder: Path, name: str, memory_limit: int) -> None:
    datasets.DatasetDict({"train": masked(name), "test": masked(name).select([4])}).save_to_disk("cells")
    dataset = load("cells", "8x8x3", 3, task="masks", memory_limit=memory_limit, workers=0)
    assert (dataset.kind, dataset.classes) == ("masks", ("0", "1", "2"))
    assert torch.equal(all_of(dataset.train), WANTED)
    for split, wanted in ((dataset.train, MASKS), (dataset.test, [MASKS[4]])):
        assert split is not None
        ((_, found),) = split.batches([torch.arange(len(split))])
        assert found.tolist() == [np.asarray(mask).tolist() for mask in wanted]


@pytest.mark.slow
def test_a_network_learns_its_masks(folder: Path) -> None:
    masked().save_to_disk("cells")
    train("input 8x8x3\nconv 3x3x4 p1 - relu - conv 1x1x3", "run", data=DataRequest("cells"), epochs=1, batch=2)
    assert weights("run")


def test_data_without_masks_are_refused_for_a_network_that_learns_them(folder: Path, complaint: Complaint) -> None:
    table().save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3", 3, task="masks") == (
        "error[bad-data]: `pets` has no column of which it is clear that it is the mask\n"
        "  = its columns are image, label\n"
        "  = both are of the kind Image, and one is called mask"
    )


def test_masks_are_refused_for_a_network_that_learns_a_class(folder: Path, complaint: Complaint) -> None:
    masked("label").save_to_disk("cells")
    assert complaint(load, "cells", "8x8x3", 3, task="classes") == (
        "error[bad-data]: column label of training in `cells` holds images, and the network has no output for each "
        "pixel\n"
        "  = masks are learned with an output as large as the input"
    )


def test_a_mask_of_colours_is_refused_by_its_row(folder: Path, complaint: Complaint) -> None:
    kinds = datasets.Features({"image": datasets.Image(), "mask": datasets.Image()})
    columns = {"image": PICTURES[:2], "mask": [MASKS[0], PICTURES[1]]}
    datasets.Dataset.from_dict(columns, features=kinds).save_to_disk("cells")
    assert complaint(load, "cells", "8x8x3", 3, task="masks") == (
        "error[unreadable-image]: 1 of 2 masks cannot be read\n"
        "  = `cells/training/row 1`: its pixels are colours; a mask has a class for each pixel: a palette, or greys "
        "from 0\n"
        "  = `--unreadable skip` leaves them out"
    )


# ---- numbers and labels


def of_lists(kind: Any) -> Any:
    return datasets.Sequence(kind)


def told(column: str, cells: list[Any], kind: Any) -> Any:
    """Return a data set of pictures, and of a column that is no class."""
    kinds = datasets.Features({"image": datasets.Image(), column: kind})
    return datasets.Dataset.from_dict({"image": PICTURES, column: cells}, features=kinds)


@pytest.mark.parametrize(
    ("kind", "ages", "outputs"),
    [("float32", [0.5, 31, 30, 29, 28, 27], None), ("int64", [30, 31, 30, 29, 28, 27], 1)],
    ids=["fractions", "whole numbers for a single output"],
)
def test_a_column_of_numbers_is_learned_as_numbers(
    folder: Path, kind: str, ages: list[float], outputs: int | None
) -> None:
    """The only column beside the image is the target, whatever it is called."""
    told("age", ages, datasets.Value(kind)).save_to_disk("pets")
    dataset = load("pets", "8x8x3", outputs)
    assert (dataset.kind, dataset.classes) == ("numbers", ("age",))
    assert dataset.train.labels.tolist() == [[age] for age in ages]


def test_lists_of_numbers_are_several_numbers(folder: Path) -> None:
    boxes = [[0.5, 1.0], [2.0, 3.0]] * 3
    told("target", boxes, of_lists(datasets.Value("float32"))).save_to_disk("pets")
    dataset = load("pets", "8x8x3", 2)
    assert (dataset.kind, dataset.classes, dataset.train.labels.tolist()) == ("numbers", ("target0", "target1"), boxes)


MARKS = [[1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([[0, 1], [], [2], [0], [1], [2]], datasets.ClassLabel(names=NAMES)),
        ([["cat", "dog"], [], ["emu"], ["cat"], ["dog"], ["emu"]], datasets.Value("string")),
        (MARKS, datasets.Value("int64")),
    ],
    ids=["classes", "names", "marks"],
)
def test_lists_of_labels_are_several_labels(folder: Path, cells: list[Any], kind: Any) -> None:
    told("tags", cells, of_lists(kind)).save_to_disk("pets")
    dataset = load("pets", "8x8x3", 3)
    names = ("0", "1", "2") if cells is MARKS else tuple(NAMES)
    assert (dataset.kind, dataset.classes, dataset.train.labels.tolist()) == ("labels", names, MARKS)


@pytest.mark.parametrize(
    ("cells", "kind", "task", "said"),
    [
        ([[0.5], [1, 2], [3], [4], [5], [6]], "float32", "auto", "row 1 has 2 numbers, and row 0 has 1"),
        ([[{}]] * 6, {}, "auto", "row 0 has a list of neither labels nor numbers"),
        ([["cat", None]] * 6, "string", "auto", "row 0 has a list of neither labels nor numbers"),
    ],
    ids=["other lengths", "structures", "an empty label"],
)
def test_lists_of_something_else_are_refused_by_their_row(
    folder: Path, complaint: Complaint, cells: list[Any], kind: Any, task: str, said: str
) -> None:
    told("tags", cells, of_lists(kind if kind == {} else datasets.Value(kind))).save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3", 3, task=task) == (
        f"error[bad-data]: column tags of training in `pets`: {said}"
    )


def test_lists_of_labels_are_no_classes(folder: Path, complaint: Complaint) -> None:
    told("tags", [["cat"]] * 6, of_lists(datasets.Value("string"))).save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3", 3, task="classes") == (
        "error[bad-data]: column tags of training in `pets` has a list of labels in each row\n"
        "  = several labels are learned with `--task labels`"
    )


def test_a_label_that_training_does_not_have_is_refused(folder: Path, complaint: Complaint) -> None:
    kind = of_lists(datasets.Value("string"))
    parts = {"train": told("tags", [["cat"], ["dog"]] * 3, kind), "test": told("tags", [["cat"], ["emu"]] * 3, kind)}
    datasets.DatasetDict(parts).save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3", 2) == (
        "error[bad-data]: column tags of test in `pets`: row 1 has the label emu, which is not trained\n"
        "  = trained are cat, dog"
    )


# ---- what is refused


def test_an_address_is_not_fetched(folder: Path, complaint: Complaint) -> None:
    cells = [{"bytes": None, "path": "https://example.org/cat.png"}, *[{"bytes": b"x", "path": None}] * 5]
    kinds = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.ClassLabel(names=NAMES)})
    made = datasets.Dataset.from_dict({"image": cells, "label": LABELS}, features=kinds)
    _saved_as_it_is(made)
    text = complaint(load, "pets", "8x8x3")
    assert text.splitlines()[:3] == [
        "error[unreadable-image]: 6 of 6 images cannot be read",
        "  = `pets/training/row 0`: its image is not in the data set, nor at `https://example.org/cat.png` on this "
        "machine",
        "  = `pets/training/row 1`: it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)",
    ]


def _saved_as_it_is(made: Any) -> None:
    """Save a data set without letting the library read the images first: as plain structures, called images."""
    plain = made.cast_column("image", {"bytes": datasets.Value("binary"), "path": datasets.Value("string")})
    plain.save_to_disk("pets")
    path = Path("pets/dataset_info.json")
    info = json.loads(path.read_text())
    info["features"]["image"] = {"_type": "Image"}
    path.write_text(json.dumps(info))


@pytest.mark.parametrize(
    ("labels", "kind", "said"),
    [
        ([0, 1, 2, 0, 1, -1], "int64", "column label of training in `pets` has labels from -1 to 2\n"
                                       "  = labels are counted from 0, up to 99,999"),
        ([0, 1, 2, 0, 1, None], "int64", "column label of training in `pets`: row 5 has no class"),
        (["cat"] * 6, "string", "pets has one class, `cat`: a classifier needs two or more"),
    ],
)  # fmt: skip
def test_classes_that_are_none_are_refused(
    folder: Path, complaint: Complaint, labels: list[Any], kind: str, said: str
) -> None:
    table(labels, datasets.Value(kind)).save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3") == f"error[bad-data]: {said}"


def test_fractions_are_no_classes(folder: Path, complaint: Complaint) -> None:
    table([0.5, 1, 2, 0, 1, 2], datasets.Value("float64")).save_to_disk("pets")
    assert complaint(load, "pets", "8x8x3", task="classes") == (
        "error[bad-data]: column label of training in `pets` has a label 0.5\n"
        "  = labels are one whole number for each image, counted from 0; or names, or rows with a single 1"
    )


def test_other_columns_are_refused(folder: Path, complaint: Complaint) -> None:
    table(title=["a"] * 6).rename_column("label", "answer").cast_column("answer", datasets.Value("int64")).save_to_disk(
        "pets"
    )
    assert complaint(load, "pets", "8x8x3") == (
        "error[bad-data]: `pets` has no column of which it is clear that it is the class\n"
        "  = its columns are answer, image, title"
    )


@pytest.mark.parametrize("name", ["state.json", "dataset_info.json", "data-00000-of-00001.arrow"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff" * 40, None])
def test_damaged_files_are_refused_in_a_line(
    folder: Path, complaint: Complaint, name: str, content: bytes | None
) -> None:
    table().save_to_disk("pets")
    path = Path("pets", name)
    if content is None:
        path.unlink()
        path.symlink_to("/dev/zero") if name.endswith("arrow") else path.mkdir()
    else:
        path.write_bytes(content)
    if (name, content) == ("dataset_info.json", b"{}"):  # the table says the same
        assert load("pets", "8x8x3").classes == tuple(NAMES)
    else:
        assert complaint(load, "pets", "8x8x3").startswith("error[")

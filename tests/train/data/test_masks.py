"""Masks: a class for each pixel, in folders and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from cnncalc.train.data import Split
from tests.train.data.files import load, noise

Complaint = Callable[..., str]
Mask = NDArray[np.uint8]


def mask(*values: int, size: int = 4) -> Mask:
    """Return a mask whose pixels go through some values, row by row."""
    return np.resize(np.array(values, np.uint8), (size, size))


def write(folder: Path, masks: Sequence[Mask], *, ending: str = "", palette: bool = False) -> None:
    """Write a folder of images and masks."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, values in enumerate(masks):
        Image.fromarray(noise(*values.shape, 3, seed=number)).save(folder / "images" / f"{number}.jpg")
        picture = Image.fromarray(values)
        if palette:
            picture = picture.convert("P")
            picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        picture.save(folder / "masks" / f"{number}{ending}.png")


def masks_of(split: Split) -> NDArray[np.uint8]:
    [(_, masks)] = split.batches([torch.arange(len(split))])
    return masks.numpy()


@pytest.mark.parametrize(
    ("values", "outputs", "means", "names", "note"),
    [
        ((0, 1, 2, 255), 3, (0, 1, 2, 255), ("0", "1", "2"), ""),
        ((0, 255), 2, (0, 1), ("background", "foreground"), "the masks are black and white: white is class 1"),
        ((0, 255), 1, (0, 1), ("background", "foreground"), "the masks are black and white: white is class 1"),
        ((0, 1), 1, (0, 1), ("background", "foreground"), ""),
        (
            (0, 128, 255),
            3,
            (0, 1, 2),
            ("0", "1", "2"),
            "the masks have the values 0, 128, 255: they are classes 0 to 2",
        ),
        (
            (0, 2, 250, 255),
            2,
            (0, 0, 1, 1),
            ("background", "foreground"),
            "the masks are black and white with greys between them: 128 and more is class 1",
        ),
        ((1, 2, 3, 255), 3, (0, 1, 2, 255), ("0", "1", "2"), "the masks go from 1 to 3: classes are counted from 1"),
    ],
)
def test_what_values_mean(
    folder: Path,
    values: tuple[int, ...],
    outputs: int,
    means: tuple[int, ...],
    names: tuple[str, ...],
    note: str,
) -> None:
    """In files and in arrays alike."""
    masks = [mask(*values), mask(*reversed(values))]
    wanted = [mask(*means).tolist(), mask(*reversed(means)).tolist()]
    write(folder / "d", masks)
    np.savez("d.npz", x=noise(2, 4, 4, 3), y=np.stack(masks))
    for data in ("d", "d.npz"):
        dataset = load(data, "4x4x3", outputs, task="masks")
        assert (dataset.kind, dataset.classes) == ("masks", names)
        assert masks_of(dataset.train).tolist() == wanted
        assert note in " ".join(dataset.notes)


def test_a_palette_holds_classes(folder: Path) -> None:
    write(folder / "d", [mask(0, 1, 2)], palette=True, ending="_mask")
    assert masks_of(load("d", "4x4x3", 3).train)[0].tolist() == mask(0, 1, 2).tolist()


@pytest.mark.parametrize("inside", [False, True], ids=["train/images", "images/train"])
def test_parts_and_names(folder: Path, inside: bool) -> None:
    for part in ("train", "val", "test"):
        if inside:
            write(folder / part, [mask(0, 1)])
            for name in ("images", "masks"):
                (folder / "d" / name).mkdir(parents=True, exist_ok=True)
                (folder / part / name).rename(folder / "d" / name / part)
        else:
            write(folder / "d" / part, [mask(0, 1)])
    (folder / "d" / "classes.txt").write_text("sky\nroad\n")
    dataset = load("d", "4x4x3", 2)
    assert [part for part, _ in dataset.parts()] == ["training", "validation", "test"]
    assert dataset.classes == ("sky", "road")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("how", ["pad", "crop", "stretch"])
def test_masks_are_resized_to_the_nearest_pixel(folder: Path, how: str, streamed: bool) -> None:
    """As Pillow does it; what is beside a padded image is ignored."""
    values = np.zeros((8, 4), np.uint8)
    values[2:5, 1:3] = 1
    write(folder / "d", [values])
    limit = {"memory_limit": 1, "workers": 0} if streamed else {}
    found = masks_of(load("d", "4x4x3", 2, resize=how, **limit).train)[0]
    picture, wanted = Image.fromarray(values), np.full((4, 4), 255)
    if how == "pad":
        wanted[:, 1:3] = np.asarray(picture.resize((2, 4), Image.Resampling.NEAREST))
    else:
        box = (0, 2, 4, 6) if how == "crop" else None
        wanted = np.asarray(picture.resize((4, 4), Image.Resampling.NEAREST, box=box))
    assert found.tolist() == wanted.tolist()


def test_a_random_crop_of_a_stream_cuts_the_mask_as_its_image(folder: Path) -> None:
    """Of images that are their own masks."""
    for name in ("images", "masks"):
        (folder / "d" / name).mkdir(parents=True)
    values = np.kron(np.array([[0, 1], [2, 3]], np.uint8), np.ones((16, 16), np.uint8))
    Image.fromarray(values * 60).save(folder / "d" / "images" / "a.png")
    Image.fromarray(values).save(folder / "d" / "masks" / "a.png")
    split = load("d", "16x16x1", 4, resize="crop", memory_limit=1, workers=0).train
    for seed in range(5):
        [(pixels, masks)] = split.batches([torch.tensor([0])], seed=seed)
        agree = ((pixels[0, 0] / 60).round() == masks[0]).float().mean()
        assert agree > 0.9  # at the borders of the classes the image is interpolated


@pytest.mark.parametrize(
    ("masks", "outputs", "change", "complains"),
    [
        (
            [mask(0, 7)], 3, "",
            "error[bad-data]: `d/masks/0.png` has pixels of value 7, and there are 3 classes\n"
            "  = the value of a pixel is its class, from 0; 255 is ignored; black and white are two classes",
        ),
        (
            [mask(0, 1), mask(0, 1)], 2, "d/masks/1.png",
            "error[bad-data]: 1 of 2 images of `d/images` have no mask\n"
            "  = `d/images/1.jpg`\n"
            "  = a mask has the name of its image, in `d/masks`",
        ),
        (
            [mask(0, 1), mask(0, 1)], 2, "larger",
            "error[unreadable-image]: 1 of 2 images cannot be read\n"
            "  = `d/masks/0.png`: it is 5x5, and its image 4x4\n"
            "  = `--unreadable skip` leaves them out",
        ),
        (
            [mask(0, 1), mask(0, 1)], 2, "coloured",
            "error[unreadable-image]: 1 of 2 masks cannot be read\n"
            "  = `d/masks/0.png`: its colours stand in no labelmap.txt, which has lines such as car:250,50,83\n"
            "  = `--unreadable skip` leaves them out",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(
    folder: Path, complaint: Complaint, masks: list[Mask], outputs: int, change: str, complains: str
) -> None:
    write(folder / "d", masks)
    if change == "larger":
        Image.fromarray(mask(0, 1, size=5)).save("d/masks/0.png")
    elif change == "coloured":
        Image.fromarray(noise(4, 4, 3)).save("d/masks/0.png")
    elif change:
        Path(change).unlink()
    assert complaint(load, "d", "4x4x3", outputs, task="masks") == complains


def test_arrays_of_other_sizes_are_refused(folder: Path, complaint: Complaint) -> None:
    np.savez("d.npz", x=noise(2, 4, 4), y=np.zeros((2, 5, 5), np.uint8))
    assert complaint(load, "d.npz", "4x4x1", 2, task="masks") == (
        "error[bad-data]: x in `d.npz` has images of 4 x 4, and y in `d.npz` masks of 5 x 5"
    )

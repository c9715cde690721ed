"""Single images: how kinds, sizes and orientations become bytes, and what is refused."""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cnncalc.core.errors import DataError
from cnncalc.train.data import read_image
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.images import random_crop
from tests.train.data.files import noise, volume

Complaint = Callable[..., str]


def picture(high: int, wide: int, channels: int = 3) -> Image.Image:
    """Return an image of noise."""
    return Image.fromarray(noise(high, wide, channels).squeeze())


def read(path: str, size: str, resize: str = "none", colour: str = "auto") -> torch.Tensor:
    """Read an image for an input."""
    return read_image(path, ImageFit(volume(size), resize, colour))


def channels_first(image: Image.Image) -> torch.Tensor:
    """Return an image as Pillow has it, channels first."""
    array = np.array(image)
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp", "jpg", "gif", "ppm"])
def test_every_format_gives_what_pillow_decodes(folder: Path, channels: int, suffix: str) -> None:
    picture(6, 5, channels).save(f"a.{suffix}")
    if suffix == "webp":  # it knows no grey
        channels = 3
    with Image.open(f"a.{suffix}") as image:
        wanted = channels_first(image.convert("L" if channels == 1 else "RGB"))
    assert torch.equal(read(f"a.{suffix}", f"6x5x{channels}"), wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_images_are_turned_upright(folder: Path, orientation: int, suffix: str) -> None:
    """As Pillow's own `exif_transpose` turns them; the size is that of the upright image."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture(6, 5).save(f"a.{suffix}", exif=exif)
    with Image.open(f"a.{suffix}") as image:
        upright = ImageOps.exif_transpose(image)
    assert torch.equal(read(f"a.{suffix}", f"{upright.height}x{upright.width}x3"), channels_first(upright))


def test_palettes_become_colours(folder: Path) -> None:
    image = picture(6, 5).quantize(16)
    image.save("a.png")
    assert torch.equal(read("a.png", "6x5x3"), channels_first(image.convert("RGB")))


def test_a_palette_of_greys_is_grey_for_a_grey_spec(folder: Path) -> None:
    """As programs that make files small write grey images; for a spec with colours it has colours."""
    image = picture(6, 5, 1)
    image.convert("P").save("a.png")
    assert torch.equal(read("a.png", "6x5x1"), channels_first(image))
    assert torch.equal(read("a.png", "6x5x3"), channels_first(image.convert("RGB")))


def test_two_colours_are_grey(folder: Path) -> None:
    image = picture(6, 5, 1).convert("1")
    image.save("a.png")
    assert torch.equal(read("a.png", "6x5x1"), channels_first(image.convert("L")))


@pytest.mark.parametrize(("mode", "size"), [("RGBA", "6x5x3"), ("LA", "6x5x1")])
def test_transparent_parts_are_put_on_black(folder: Path, mode: str, size: str) -> None:
    """A pixel with an opacity of a is a times its colour, to within one step of rounding."""
    image = Image.fromarray(noise(6, 5, len(mode)), mode)
    image.save("a.png")
    colours, opacity = np.array(image)[..., :-1].astype(float), np.array(image)[..., -1:] / 255
    wanted = (colours * opacity).transpose(2, 0, 1)
    assert np.abs(read("a.png", size).numpy() - wanted).max() <= 1


def test_ink_colours_become_light_colours(folder: Path) -> None:
    image = picture(6, 5).convert("CMYK")
    image.save("a.tif")
    assert torch.equal(read("a.tif", "6x5x3"), channels_first(image.convert("RGB")))


# ---- sizes


def test_stretched_images_are_pillow_s(folder: Path) -> None:
    image = picture(12, 9)
    image.save("a.png")
    wanted = image.resize((4, 5), Image.Resampling.BILINEAR)
    assert torch.equal(read("a.png", "5x4x3", "stretch"), channels_first(wanted))


@pytest.mark.parametrize(("high", "wide", "box"), [(10, 20, (5, 0, 15, 10)), (20, 10, (0, 5, 10, 15))])
def test_of_cropped_images_the_middle_is_kept(folder: Path, high: int, wide: int, box: tuple[int, ...]) -> None:
    """The shorter side becomes the input's, what is too much of the longer one is cut off on both sides."""
    image = picture(high, wide)
    image.save("a.png")
    wanted = image.resize((5, 5), Image.Resampling.BILINEAR, box=box)
    assert torch.equal(read("a.png", "5x5x3", "crop"), channels_first(wanted))


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 64), st.integers(1, 64), st.integers(0, 2**63))
def test_random_crops_lie_inside(width: int, height: int, wide: int, high: int, seed: int) -> None:
    """Every part lies in the image, has 8% to 100% of its area and proportions up to 4/3 off, or is the middle."""
    size = volume(f"{high}x{wide}x3")
    left, top, right, bottom = random_crop(seed, 3)(width, height, size)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (left, top, right, bottom) == random_crop(seed, 3)(width, height, size)
    off = (right - left) / (bottom - top) / (wide / high)
    assert 3 / 4 - 1e-9 <= off <= 4 / 3 + 1e-9


def test_random_crops_differ_from_image_to_image() -> None:
    boxes = {random_crop(seed, index)(100, 80, volume("8x8x3")) for seed in range(10) for index in range(10)}
    assert len(boxes) == 100


@pytest.mark.parametrize(("high", "wide"), [(10, 20), (20, 10), (3, 3), (5, 5), (1, 400), (7, 6)])
def test_of_padded_images_nothing_is_cut_off(folder: Path, high: int, wide: int) -> None:
    """The whole image, as large as it fits, lies in the middle of black."""
    image = Image.fromarray(noise(high, wide, 3))
    image.save("a.png")
    scale = min(5 / high, 5 / wide)
    inner = image.resize((max(1, round(wide * scale)), max(1, round(high * scale))), Image.Resampling.BILINEAR)
    wanted = np.zeros((5, 5, 3), np.uint8)
    rows, columns = inner.height, inner.width
    top, left = (5 - inner.height) // 2, (5 - inner.width) // 2
    wanted[top : top + rows, left : left + columns] = np.array(inner).reshape(rows, columns, -1)
    assert np.array_equal(read("a.png", "5x5x3", "pad").permute(1, 2, 0), wanted)


# ---- colours


def test_colours_become_grey_for_a_grey_input(folder: Path) -> None:
    """With the weights of ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue, to within rounding."""
    picture(6, 5).save("a.png")
    wanted = np.array(picture(6, 5)) @ [0.299, 0.587, 0.114]
    assert np.abs(read("a.png", "6x5x1")[0].numpy() - wanted).max() <= 0.51


def test_grey_becomes_three_equal_channels(folder: Path) -> None:
    picture(6, 5, 1).save("a.png")
    assert torch.equal(read("a.png", "6x5x3"), channels_first(picture(6, 5, 1)).expand(3, -1, -1))


def test_colours_can_be_dropped_for_three_channels(folder: Path) -> None:
    picture(6, 5).save("a.png")
    assert torch.equal(read("a.png", "6x5x3", colour="grey"), read("a.png", "6x5x1").expand(3, -1, -1))
    assert torch.equal(read("a.png", "6x5x3", colour="rgb"), channels_first(picture(6, 5)))


def test_colours_need_three_channels(folder: Path, complaint: Complaint) -> None:
    picture(6, 5).save("a.png")
    assert complaint(read, "a.png", "6x5x1", "none", "rgb") == (
        "error[data-differs]: `--colour rgb` needs an input of 3 channels, and the spec's input is 6x5x1\n"
        "  = write `input 6x5x3`, or leave the option out: the images become grey"
    )


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bits_become_8(folder: Path, suffix: str) -> None:
    """65,535 becomes 255, and what lies between is rounded to the nearest."""
    values = (np.arange(30, dtype=np.uint16) * 2259).reshape(6, 5)
    values[0, :4] = (0, 128, 129, 65535)
    if suffix == "pgm":
        Path("a.pgm").write_bytes(b"P5 5 6 65535\n" + values.astype(">u2").tobytes())
    else:
        Image.fromarray(values).save(f"a.{suffix}")
    wanted = np.rint(values / 65535 * 255)
    assert np.array_equal(read(f"a.{suffix}", "6x5x1")[0], wanted)
    assert np.array_equal(read(f"a.{suffix}", "6x5x3")[2], wanted)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_without_a_range(folder: Path, complaint: Complaint, kind: type) -> None:
    Image.fromarray(np.ones((6, 5), kind)).save("a.tif")
    assert complaint(read, "a.tif", "6x5x1") == (
        "error[unreadable-image]: cannot read `a.tif`: its pixels are 32-bit numbers, which have no known range"
    )


# ---- what is refused


def test_another_size(folder: Path, complaint: Complaint) -> None:
    picture(6, 5).save("a.png")
    assert complaint(read, "a.png", "8x8x3") == (
        "error[data-differs]: `a.png` is 6x5x3, and the spec's input is 8x8x3\n"
        "  = `--resize pad`, `--resize crop` or `--resize stretch` brings images to the input's size\n"
        "  = or write `input 6x5x3`"
    )


def bomb() -> bytes:
    """Return the beginning of a bitmap that states 20,000 x 20,000 pixels."""
    image = BytesIO()
    picture(1, 1).save(image, "BMP")
    data = bytearray(image.getvalue())
    data[18:26] = (20_000).to_bytes(4, "little") * 2
    return bytes(data)


def long(high: int, wide: int) -> bytes:
    """Return the header of a PNG of some size; a whole one of 1 x 80,000,000 pixels has 155 kB."""
    head = struct.pack(">4sIIBBBBB", b"IHDR", wide, high, 8, 0, 0, 0, 0)
    values = struct.pack(">I4s", 100, b"IDAT")
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + values


def png() -> bytes:
    """Return a good image."""
    image = BytesIO()
    picture(8, 8, 1).save(image, "PNG")
    return image.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
            "it is not an image (JPEG, PNG, BMP, GIF, PPM, TIFF, WEBP)",
        ),
        (png()[:60], "image file is truncated"),
        (bomb(), "it has more than 89,478,485 pixels"),
        (long(80_000_000, 1), "it has a side of 80,000,000 pixels, more than 65,535"),
        (long(1, 65_536), "it has a side of 65,536 pixels, more than 65,535"),
    ],
)
def test_files_that_cannot_be_used(folder: Path, complaint: Complaint, data: bytes, reason: str) -> None:
    (folder / "a.png").write_bytes(data)
    assert complaint(read, "a.png", "8x8x1").startswith(f"error[unreadable-image]: cannot read `a.png`: {reason}")


def test_a_file_that_is_not_there(folder: Path, complaint: Complaint) -> None:
    assert complaint(read, "a.png", "8x8x1") == ("error[unreadable-image]: cannot read `a.png`: there is no such file")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "it is not a regular file"),
        (lambda path: Path(path).symlink_to("/dev/zero"), "it is not a regular file"),
        (lambda path: Path(path).symlink_to("nowhere"), "it is a link to a file that is not there"),
        (lambda path: Path(path).symlink_to(path), "Too many levels of symbolic links"),
        (os.mkdir, "it is a folder"),
        (lambda path: Path(path).write_bytes(png() * 20_000), "its file has more than 1.0 MiB"),
    ],
)
def test_what_is_no_ordinary_file_is_not_waited_for(
    folder: Path, complaint: Complaint, monkeypatch: pytest.MonkeyPatch, make: Callable[[str], object], reason: str
) -> None:
    """Pipes and devices would be read for ever, and so would files without an end in sight."""
    monkeypatch.setattr("cnncalc.train.data.image_box.MAX_IMAGE_BYTES", 2**20)
    make("a.png")
    assert complaint(read, "a.png", "8x8x1") == f"error[unreadable-image]: cannot read `a.png`: {reason}"


@given(st.data(), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]))
def test_damaged_files_are_refused_or_read(data: st.DataObject, form: str) -> None:
    """Altered and cut short anywhere: one kind of error, or pixels of the right shape."""
    image = BytesIO()
    picture(8, 8).save(image, form)
    whole = bytearray(image.getvalue())
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[position] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a"
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
        try:
            assert read(str(path), "8x8x3", "stretch").shape == (3, 8, 8)
        except DataError as error:
            assert error.code in ("unreadable-image", "data-differs")

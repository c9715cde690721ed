"""Filters on pictures, beside PyTorch's convolution of the same pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from cnncalc.layers.named_kernels import KERNELS, SAME_AS_NEXT
from tests.commands.conftest import Cnncalc

SOBEL = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture in colour, 20 high and 30 wide."""
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


def pixels_of(path: Path) -> torch.Tensor:
    """Return an image as channels, rows and columns."""
    return torch.from_numpy(np.atleast_3d(np.asarray(Image.open(path))).copy()).permute(2, 0, 1).double()


def grey(path: Path) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.open(path).convert("L")).copy())[None].double()


def test_edges_are_shown_without_their_signs(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "edges.png"
    done = cnncalc("compute", "conv 3x3x1 kernel=sobelx", "--image", str(photo), "-o", str(out))
    assert (done.status, done.out, done.err) == (0, "", "")
    expected = functional.conv2d(grey(photo)[None], torch.tensor([[SOBEL]]).double())[0].abs().clamp(max=255)
    assert torch.equal(pixels_of(out), expected)


def test_other_filters_are_clipped(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    """Each channel on its own, in colour."""
    out = tmp_path / "sharp.png"
    cnncalc("compute", "dwconv 3x3 p1 kernel=sharpen", "--image", str(photo), "--colour", "-o", str(out))
    sharpen = torch.tensor([[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]]).double()
    expected = functional.conv2d(pixels_of(photo)[None], sharpen.expand(3, 1, 3, 3), groups=3, padding=1)[0]
    assert torch.equal(pixels_of(out), expected.clamp(0, 255))


def test_shades_can_be_stretched(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "edges.png"
    cnncalc("compute", "conv 3x3x1 kernel=sobelx", "--image", str(photo), "--show", "stretch", "-o", str(out))
    made = functional.conv2d(grey(photo)[None], torch.tensor([[SOBEL]]).double())[0]
    expected = ((made - made.min()) * 255 / (made.max() - made.min())).round()
    assert (pixels_of(out) - expected).abs().max() <= 1
    assert pixels_of(out).aminmax() == (0, 255)


def test_a_network_with_an_input_gets_the_image_of_that_size(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.png"
    cnncalc("compute", "input 10x15x3\nidentity", "--image", str(photo), "-o", str(out))
    small = Image.open(photo).resize((15, 10), Image.Resampling.BILINEAR)
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(small))


def test_an_image_is_an_input_of_numbers_too(cnncalc: Cnncalc, photo: Path) -> None:
    out = cnncalc("compute", "gap", "--image", str(photo), "--decimal", "3").out
    assert out.endswith(f"gap1: gap → 1x1x1\n  {float(grey(photo).mean()):.3f}\n")


def places_of(picture: Path, sheet: Path) -> int:
    """Return how often a picture lies on a sheet."""
    wanted, whole = grey(picture)[0].numpy(), grey(sheet)[0].numpy()
    windows = np.lib.stride_tricks.sliding_window_view(whole, wanted.shape)
    return int((windows == wanted).all(axis=(2, 3)).sum())


def test_a_contact_sheet_of_all_kernels(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    """Every one of them once; those with two names by the second one."""
    sheet, one = tmp_path / "sheet.png", tmp_path / "one.png"
    cnncalc("compute", "--kernels", "all", "--image", str(photo), "-o", str(sheet))
    names = [name for name in KERNELS if name not in SAME_AS_NEXT]
    assert len(names) == 13
    for name in names:
        cnncalc("compute", f"conv 3x3x1 same kernel={name}", "--image", str(photo), "-o", str(one))
        assert places_of(one, sheet) == 1


def test_several_channels_stand_beside_each_other(cnncalc: Cnncalc, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps.png"
    text = "conv 3x3x2 p1 kernel=[0 0 0; 0 1 0; 0 0 0 || 0 0 0; 0 1 0; 0 0 0]"
    cnncalc("compute", text, "--image", str(photo), "-o", str(out))
    plain = tmp_path / "plain.png"
    cnncalc("compute", "identity", "--image", str(photo), "-o", str(plain))
    assert places_of(plain, out) == 2


WRONG: dict[tuple[str, ...], str] = {
    ("relu", "--image", "none.png"): "error[bad-image]: cannot read the image `none.png`: No such file or directory\n",
    ("relu", "--image", "text.png"): (
        "error[bad-image]: cannot read the image `text.png`: "
        "it is not an image (PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM)\n"
    ),
    ("input 5x5x2\nrelu", "--image", "text.png"): (
        "error[bad-volume]: an image has a height, a width and 1 or 3 channels, and the input of the network is 5x5x2\n"
        "  = pass --input 64x64x3, or --values\n"
    ),
    ("--kernels", "sobel", "--image", "text.png", "-o", "new.png"): (
        "error[bad-option]: there is no kernel `sobel`\n"
        "  = did you mean `sobely`?\n"
        f"  = kernels are {', '.join(KERNELS)}, or all\n"
    ),
    ("relu", "--kernels", "all", "--image", "text.png", "-o", "new.png"): (
        "error[bad-option]: --kernels takes one convolution without a kernel of its own\n"
        '  = write "conv 3x3x1 same", or leave the spec out\n'
    ),
}


@pytest.mark.parametrize("arguments", WRONG)
def test_what_cannot_be_filtered(
    cnncalc: Cnncalc, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    done = cnncalc("compute", *arguments)
    assert (done.status, done.err) == (1, WRONG[arguments])
    assert not (tmp_path / "new.png").exists()


def test_a_picture_that_is_too_large_can_be_shrunk(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """4000·√(60/90) is 3265."""
    path, out = tmp_path / "large.png", tmp_path / "new.png"
    Image.new("L", (4000, 100)).save(path)
    call = ["compute", "conv 15x15x1 same kernel=blur", "--image", str(path), "-o", str(out)]
    assert cnncalc(*call).err == (
        "error[too-large]: the values take 90,000,000 multiplications, and at most 60,000,000 are computed;"
        " `conv1` alone takes 90,000,000\n"
        "  = shrink the image: --longest 3260\n"
    )


MISUSED: dict[tuple[str, ...], str] = {
    ("relu", "-o", "new.png"): "-o FILE.png is for a picture: give --image",
    ("relu", "--show", "clip", "--image", "text.png"): "--kernels and --show are for a picture: -o sheet.png",
    ("relu", "--colour"): "--colour and --longest are for --image",
    ("relu", "--values", "1", "--image", "text.png"): "--values and --image exclude each other",
    ("relu", "--image", "text.png", "-o", "new.png", "--at", "0,0"): "--at is for numbers, and -o names a picture",
    ("relu", "--image", "text.png", "-o", "text.png"): "-o text.png would replace the image itself; name another file",
    (): "Missing argument 'SPEC'.",
}


@pytest.mark.parametrize("arguments", MISUSED)
def test_options_that_do_not_go_together(
    cnncalc: Cnncalc, arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    done = cnncalc("compute", *arguments)
    assert (done.status, done.err.splitlines()[0]) == (2, f"error[usage]: {MISUSED[arguments]}")

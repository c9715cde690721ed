"""A generator of folders of images as no friend would send them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import product
from pathlib import Path

from PIL import Image

from tests.train.data.files import noise, write_images
from tests.train.data.odd import DAMAGES, LINKS, ODD_NAMES, THINGS, Case, Write

# ---- images


def image_bytes(form: str, mode: str = "RGB") -> bytes:
    """Return a good image of 8x8."""
    file = BytesIO()
    Image.fromarray(noise(8, 8, 3)).convert(mode).save(file, form)
    return file.getvalue()


FORMS = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "WEBP": ".webp", "PPM": ".ppm"}


def with_image(data: bytes, suffix: str) -> Write:
    """Return what writes a folder in which one image has some content."""

    def write(folder: Path) -> None:
        write_images(folder / "data", count=2)
        (folder / "data" / "cat" / f"odd{suffix}").write_bytes(data)

    return write


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(wide: int, high: int, *, depth: int = 8, colour: int = 2, data: bytes = b"", more: bytes = b"") -> bytes:
    """Return a PNG that states some size, with any content."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


BOMB = zlib.compress(bytes(10**8))
"""100 kB that become 100 MB."""

ODD_IMAGES = {
    "80 million high": png(1, 80_000_000),
    "80 million wide": png(80_000_000, 1),
    "2**31 - 1 square": png(2**31 - 1, 2**31 - 1),
    "no pixels": png(0, 0),
    "too few values": png(8, 8, data=b"\0" * 10),
    "too many values": png(8, 8, data=b"\0" * 10_000_000),
    "16 bits": png(8, 8, depth=16, data=bytes(8 * 49)),
    "an unknown depth": png(8, 8, depth=77),
    "an unknown kind of colour": png(8, 8, colour=77),
    "a palette without colours": png(8, 8, colour=3, data=bytes(72)),
    "a bomb of text": png(8, 8, data=bytes(200), more=chunk(b"zTXt", b"a\0\0" + BOMB)),
    "a bomb of colour profiles": png(8, 8, data=bytes(200), more=chunk(b"iCCP", b"a\0\0" + BOMB)),
    "an orientation of text": png(
        8, 8, data=bytes(200), more=chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\xff")
    ),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>",
    "a page that says it is not found": b"<!DOCTYPE html><title>404</title>",
    "a grey one": image_bytes("PNG", "L"),
    "one with transparency": image_bytes("PNG", "RGBA"),
    "one of four inks": image_bytes("JPEG", "CMYK"),
    "one of two colours": image_bytes("PNG", "1"),
    "one with a palette": image_bytes("PNG", "P"),
    "one of floats": image_bytes("TIFF", "F"),
}


def images() -> Iterator[Case]:
    """Yield folders with an image that is damaged or odd."""
    for (form, suffix), (how, damage) in product(FORMS.items(), DAMAGES.items()):
        yield Case(f"{form}, {how}", with_image(damage(image_bytes(form)), suffix))
    for name, data in ODD_IMAGES.items():
        yield Case(f"an image: {name}", with_image(data, ".png"))


# ---- folders


def named(name: str, place: str) -> Write:
    """Return what writes a folder in which a class, an image or the folder itself has a name."""

    def write(folder: Path) -> None:
        write_images(folder / "data", count=2)
        if place == "class":
            (folder / "data" / "cat").rename(folder / "data" / name)
        elif place == "test class":
            write_images(folder / "data" / "train", count=2)
            write_images(folder / "data" / "test", ("cat",))
            (folder / "data" / "test" / "cat").rename(folder / "data" / "test" / name)
        else:
            (folder / "data" / "cat" / (name[:200] + ".png")).write_bytes(b"no image")

    return write


def with_thing(make: Callable[[Path], object], place: str) -> Write:
    """Return what writes a folder in which something stands in the place of a file or a folder."""

    def write(folder: Path) -> None:
        write_images(folder / "data", count=2)
        make(folder / "data" / place)

    return write


def folders() -> Iterator[Case]:
    """Yield folders with odd names, and with things in them that are no files."""
    for (what, name), place in product(ODD_NAMES.items(), ("class", "test class", "image")):
        yield Case(f"the name of a {place}: {what}", named(name, place))
    for (what, make), place in product(
        {**THINGS, **LINKS}.items(), ("cow", "cat/9.png", "train", "cow.jpg", "Thumbs.db")
    ):
        yield Case(f"{what} as {place}", with_thing(make, place))
    for what, make in THINGS.items():
        yield Case(f"{what} as the folder", lambda folder, make=make: make(folder / "data"))
    for name in ("train", "test", "val", "Train", "__MACOSX", ".hidden"):
        yield Case(f"nothing but {name}", lambda folder, name=name: (folder / "data" / name).mkdir(parents=True))

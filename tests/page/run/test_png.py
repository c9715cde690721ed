"""Pixels as PNG files, read back by Pillow."""

from __future__ import annotations

import base64
import io
import random

from PIL import Image

from cnncalc.page.run.png import png_uri


def test_a_picture_is_read_back_pixel_by_pixel() -> None:
    draw = random.Random(0)
    for width, height in ((1, 1), (3, 2), (40, 17)):
        pixels = draw.randbytes(4 * width * height)
        kind, _, data = png_uri(pixels, width, height).partition(",")
        with Image.open(io.BytesIO(base64.b64decode(data))) as found:
            assert (kind, found.format, found.mode, found.size) == (
                "data:image/png;base64", "PNG", "RGBA", (width, height),
            )  # fmt: skip
            assert found.tobytes() == pixels

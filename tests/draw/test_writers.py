"""Pictures as PDF, PNG and TikZ."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import zlib
from base64 import b64encode
from pathlib import Path
from random import Random

import pytest

import cnncalc
from cnncalc.draw.pdf import pdf
from cnncalc.draw.png import png
from cnncalc.draw.shapes import Line, Picture, Rect, ShapeGroup, Text
from cnncalc.draw.styles import STYLES, DrawingOptions, picture_of
from cnncalc.draw.tex import tex
from tests.draw.tangles import tangle

HOSTILE = r"a}\input{/etc/passwd}\end{tikzpicture}%$#_^~&{"


def lenet(style: str = "graph", name: str = "net", photo: str = "") -> Picture:
    """Draw LeNet-5."""
    return picture_of(cnncalc.load("lenet5"), style, DrawingOptions(name, photo=photo))


def photo(kind: str, mode: str = "RGB") -> str:
    """Return a photo of 30 x 20 pixels as a data URI."""
    from PIL import Image

    file = io.BytesIO()
    Image.effect_noise((30, 20), 50).convert(mode).save(file, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(file.getvalue()).decode()}"


# ---- PDF, as ISO 32000 has it


def objects(data: bytes) -> dict[int, bytes]:
    """Read the objects of a file by its own table of where they begin."""
    table = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", data)[0])
    assert data[table : table + 5] == b"xref\n"
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", data[table:])]
    found = {}
    for number, place in enumerate(places, 1):
        head = b"%d 0 obj\n" % number
        assert data[place : place + len(head)] == head
        found[number] = data[place + len(head) : data.index(b"\nendobj", place)]
    return found


def content(data: bytes) -> str:
    """Return the operators of the page."""
    stream = objects(data)[4]
    length = int(re.findall(rb"/Length (\d+)", stream)[0])
    begin = stream.index(b"stream\n") + 7
    assert stream[begin + length :] == b"\nendstream"
    return zlib.decompress(stream[begin : begin + length]).decode("latin-1")


def shown(data: bytes) -> list[str]:
    """Return the texts of a page, in Windows' Latin alphabet."""
    lines = re.findall(r"BT\s.*?\sET", content(data), re.DOTALL)
    return ["".join(bytes.fromhex(part).decode("cp1252") for part in re.findall("<(.*?)> Tj", line)) for line in lines]


def texts(picture: Picture) -> list[str]:
    """Return the texts of a picture."""
    found = []
    for shape in picture.shapes:
        found += texts(picture._replace(shapes=shape.shapes)) if isinstance(shape, ShapeGroup) else []
        found += [shape.text] if isinstance(shape, Text) else []
    return found


@pytest.mark.parametrize("style", [style for style in STYLES if style != "window"])
def test_a_pdf_has_the_texts_of_the_picture(style: str) -> None:
    assert shown(pdf(lenet(style))) == texts(lenet(style))


def test_the_page_of_a_pdf_is_three_quarters_of_the_pixels_in_points() -> None:
    picture = Picture(200, 100, "net", "", [])
    assert b"/MediaBox [0 0 150 75]" in objects(pdf(picture))[3]


def test_the_minus_of_a_sum_comes_from_the_font_symbol() -> None:
    """Latin alphabets have none; in Symbol it is character 0x2D, and the floor is 0xEB."""
    picture = Picture(100, 100, "net", "", [Text(0, 10, "⌊7 − 3⌋", 10)])
    assert re.findall(r"/(F\d) 10 Tf <(.*?)>", content(pdf(picture))) == [
        ("F2", "eb"), ("F0", "3720"), ("F2", "2d"), ("F0", "2033"), ("F2", "fb"),
    ]  # fmt: skip


def test_every_painting_of_a_pdf_saves_and_restores() -> None:
    for seed in range(10):
        operators = content(pdf(picture_of(cnncalc.load(tangle(seed))))).split()
        assert operators.count("q") == operators.count("Q")
        assert operators.count("BT") == operators.count("ET")


def test_korean_letters_are_in_a_font_of_the_reader() -> None:
    """In UTF-16, which Adobe calls UniKS-UCS2-H; no font has a snowman, and a file names only what it uses."""
    korean, latin = (pdf(Picture(100, 100, "", "", [Text(0, 10, text, 10)])) for text in ("a 한글 \N{SNOWMAN}", "a"))
    assert re.findall(r"/(F\d) 10 Tf <(.*?)>", content(korean)) == [
        ("F0", "6120"), ("F3", "d55cae00"), ("F0", "203f"),
    ]  # fmt: skip
    found = objects(korean)
    assert b"/Encoding /UniKS-UCS2-H /DescendantFonts [7 0 R]" in found[6]
    assert b"/Ordering (Korea1)" in found[7]
    assert b"/FontDescriptor 8 0 R" in found[7]
    assert len(objects(latin)) == 5


def test_a_hostile_name_stays_a_text_in_a_pdf() -> None:
    """Texts are hexadecimal, so that no bracket ends one."""
    data = pdf(lenet(name=") Tj ET /JavaScript (app.alert(1)) \x1b"))
    assert b"/JavaScript" not in data
    assert "/JavaScript" not in content(data)


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P")])
def test_a_pdf_holds_a_photo(kind: str, mode: str) -> None:
    image = objects(pdf(lenet("field", photo=photo(kind, mode))))[6]
    assert b"/Width 30 /Height 20" in image


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("GIF", "P")])
def test_a_photo_that_a_pdf_cannot_hold_is_refused(kind: str, mode: str) -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        pdf(lenet("field", photo=photo(kind, mode)))
    assert str(caught.value) == (
        "a PDF takes a JPEG photo, or a PNG without transparency\n  = save the photo as JPEG\n  = or write .svg or .png"
    )


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler reads PDF files")
def test_poppler_reads_a_pdf(tmp_path: Path) -> None:
    for style in STYLES:
        (tmp_path / "net.pdf").write_bytes(pdf(lenet(style)))
        done = subprocess.run(["pdftotext", "net.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert sorted("".join(done.stdout.split())) == sorted("".join("".join(texts(lenet(style))).split()))


# ---- PNG


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_a_png_has_two_pixels_for_each_of_the_picture(theme: str) -> None:
    """And the ground of its theme."""
    from PIL import Image

    picture = lenet()
    image = Image.open(io.BytesIO(png(picture, theme))).convert("RGB")
    assert image.size == (pytest.approx(2 * picture.width, abs=2), pytest.approx(2 * picture.height, abs=2))
    assert image.getpixel((1, 1)) == ((20, 23, 28) if theme == "dark" else (255, 255, 255))


def test_without_resvg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(cnncalc.SpecError) as caught:
        png(lenet())
    assert str(caught.value) == 'this needs resvg_py, which is not installed: pip install "cnncalc[draw]"'


# ---- TikZ


def test_tikz_draws_every_shape() -> None:
    shapes = [
        Rect(0, 0, 8, 4, "convolution", 2),
        Line(((0, 0), (8, 0)), "edge", True),
        Text(4, 2, "50% & more", 12, "middle"),
    ]
    lines = tex(Picture(8, 4, "net", "", shapes)).splitlines()
    assert lines[0] == r"% net: \usepackage{tikz} and \input this file"
    assert r"\path[cnncalc convolution,rounded corners=1.5pt] (0,0) rectangle (8,4);" in lines
    assert r"\path[cnncalc edge] (0,0) -- (2,0);" in lines
    assert r"\path[cnncalc head] (8,0) -- (2,2.7) -- (2,-2.7) -- cycle;" in lines
    assert [line for line in lines if line.endswith(r"at (4,2) {50\% \& more};")]
    assert lines[-1] == r"\end{tikzpicture}"


def test_a_hostile_name_runs_nothing_in_tex() -> None:
    """Every command of the text is one that the writer writes, and the environment ends once."""
    text = tex(lenet(name=HOSTILE))
    commands = set(re.findall(r"\\([a-z]+)", text))
    assert commands <= {
        "begin", "end", "definecolor", "tikzset", "path", "node", "fontsize", "selectfont", "sffamily", "bfseries",
        "usepackage", "input", "times", "cdot", "textbackslash", "textasciicircum", "textasciitilde",
    }  # fmt: skip
    assert text.count(r"\end{tikzpicture}") == 1
    assert [line for line in text.splitlines() if r"\input" in line] == [text.splitlines()[0].replace(HOSTILE, "")]


def test_a_photo_is_not_for_tex() -> None:
    with pytest.raises(cnncalc.SpecError, match="TikZ cannot hold a photo"):
        tex(lenet("field", photo=photo("JPEG")))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX reads TikZ")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_latex_takes_every_style(tmp_path: Path, theme: str) -> None:
    """Without a single error, whatever the network is called."""
    pictures = [lenet(style, HOSTILE) for style in STYLES]
    pictures += [picture_of(cnncalc.load(tangle(Random(theme).randrange(99))))]
    body = "\n\\newpage\n".join([tex(picture, theme) for picture in pictures])
    page = "\\documentclass{article}\\usepackage[paperwidth=2000mm,paperheight=2000mm]{geometry}\\usepackage{tikz}"
    (tmp_path / "page.tex").write_text(f"{page}\n\\begin{{document}}\n{body}\n\\end{{document}}\n")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]

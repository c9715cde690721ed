"""What an SVG file holds: sound XML, no script, nothing from outside, both sets of colours, texts as texts."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import cnncalc
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from cnncalc.draw.theme import LOOKS, THEMES

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>&\"'\x00\x1b[31m\u202e]]> <!-- {}"


def drawn(name: str = "net", theme: str = "auto") -> str:
    """Draw a small network under a name."""
    network = cnncalc.load("conv 3x3x4 p1 - add( conv 3x3x4 p1 - relu | ) - pool2 - fc 10", input="8x8x4")
    return svg(picture_of(network, "graph", DrawingOptions(name)), theme)


def test_a_hostile_name_is_a_text() -> None:
    """It brings no element, no attribute and no control character."""
    plain, hostile = ElementTree.fromstring(drawn()), ElementTree.fromstring(drawn(HOSTILE))
    assert [element.tag for element in hostile.iter()] == [element.tag for element in plain.iter()]
    assert [set(element.attrib) for element in hostile.iter()] == [set(element.attrib) for element in plain.iter()]
    assert "<script>alert(1)</script>&\"'" in (hostile.findtext(f"{SVG}title") or "")
    assert drawn(HOSTILE).replace("\n", "").isprintable()


def test_a_name_in_any_language_is_a_text() -> None:
    root = ElementTree.fromstring(drawn("합성곱"))
    assert root.findtext(f"{SVG}title") == "합성곱"
    assert "합성곱" in [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("theme", THEMES)
def test_there_is_no_script_and_nothing_from_outside(theme: str) -> None:
    text = drawn(theme=theme)
    root = ElementTree.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "rect", "circle", "path", "text",
    }  # fmt: skip
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text) == []


def test_it_says_what_it_shows() -> None:
    root = ElementTree.fromstring(drawn())
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{SVG}title") == "net"
    assert root.findtext(f"{SVG}desc") == "The network net as boxes, from 8×8×4 to 1×1×10: 946 parameters, 19,072 MACs."


def test_every_box_names_its_layers() -> None:
    """By name and by number, so that a page can find them."""
    root = ElementTree.fromstring(drawn())
    boxes = [element.attrib for element in root.iter(f"{SVG}g") if "data-layer" in element.attrib]
    assert [(box["data-layer"], box["data-span"]) for box in boxes] == [
        ("input", "0-0"), ("conv1", "1-1"), ("conv2 relu1", "2-3"), ("add1", "4-4"), ("pool1", "5-5"), ("fc1", "6-6"),
    ]  # fmt: skip


def test_one_file_serves_light_and_dark() -> None:
    """The colours of the dark set hold where the viewer prefers dark."""
    light, dark = drawn(theme="light"), drawn(theme="dark")
    assert "prefers-color-scheme" not in light + dark
    both = drawn()
    before, after = both.split("@media screen and (prefers-color-scheme: dark)")
    assert f".ground{{fill:{LOOKS['light']['ground'].fill}}}" in before
    assert f".ground{{fill:{LOOKS['dark']['ground'].fill}}}" in after
    assert f".ground{{fill:{LOOKS['dark']['ground'].fill}}}" in dark


def test_two_pictures_may_stand_in_one_page() -> None:
    """With a prefix they share no class and no identifier, whatever their texts are."""
    picture = picture_of(cnncalc.load("lenet5"), "graph", DrawingOptions('class="x"'))
    names = [
        {word for element in ElementTree.fromstring(svg(picture, prefix=prefix)).iter()
         for attribute in ("class", "id") for word in element.attrib.get(attribute, "").split()}
        for prefix in ("a-", "b-")
    ]  # fmt: skip
    assert all(word.startswith("a-") for word in names[0])
    assert not names[0] & names[1]
    assert "class=&quot;x&quot;" in svg(picture, prefix="a-")
    assert re.findall(r"^\.(?!a-)", svg(picture, prefix="a-"), re.MULTILINE) == []


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", ["text", "quiet"])
def test_texts_can_be_read_on_every_box(theme: str, role: str) -> None:
    """A contrast of 4.5:1, which WCAG asks of small texts."""
    looks = LOOKS[theme]
    grounds = [look.fill for look in looks.values() if look.fill and look.stroke and look.clear == 1] + [
        looks["ground"].fill
    ]
    for ground in grounds:
        first, second = sorted([luminance(str(looks[role].fill)), luminance(str(ground))])
        assert (second + 0.05) / (first + 0.05) >= 4.5, ground


def test_resnet_152_takes_less_than_60_kb() -> None:
    assert len(svg(picture_of(cnncalc.load("resnet152"), "graph", DrawingOptions("resnet152"))).encode()) <= 60_000

"""The chart of bubbles: what stands where, how large it is, and what is said of it."""

from __future__ import annotations

import re
from itertools import combinations
from math import pi
from xml.etree import ElementTree

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.draw.bubbles import Bubble, bubble_picture
from cnncalc.draw.svg import svg
from cnncalc.zoo.catalogue import published_accuracy
from tests.draw.geometry import text_width

SVG = "{http://www.w3.org/2000/svg}"
SIX = [
    Bubble("alexnet", 61_100_840, 714_188_480, 56.52),
    Bubble("vgg16", 138_357_544, 15_470_264_320, 71.59),
    Bubble("resnet50", 25_557_032, 4_089_184_256, 76.13),
    Bubble("resnet50d", 25_576_264, 4_100_000_000, 76.2),
    Bubble("mobilenet_v2", 3_504_872, 300_774_272, 71.88),
    Bubble("mine", 1_000_000, 100_000_000, None),
]


def zoo_bubbles() -> list[Bubble]:
    """Return every network of the zoo that has a published accuracy on ImageNet."""
    found = []
    for name in zoo.names():
        source = zoo.spec(name)
        assert source is not None
        accuracy = published_accuracy(source)
        if accuracy and accuracy.data == "ImageNet" and accuracy.top1:
            network = cnncalc.load(name)
            found.append(Bubble(name, network.params, network.macs, accuracy.top1))
    return found


class Read:
    """A chart, read from its SVG."""

    def __init__(self, bubbles: list[Bubble], data: str = "ImageNet") -> None:
        self.root = ElementTree.fromstring(svg(bubble_picture(bubbles, data)))
        self.texts = [element.text or "" for element in self.root.iter(f"{SVG}text")]
        self.circles = {
            str(group.findtext(f"{SVG}title")).split(":")[0]: [
                float(group.find(f"{SVG}circle").attrib[key])  # type: ignore[union-attr]
                for key in ("cx", "cy", "r")
            ]
            for group in self.root.iter(f"{SVG}g")
        }

    def frames(self, names: set[str]) -> list[tuple[str, float, float, float, float]]:
        """Return the rectangles of texts, measured with Adobe's metrics."""
        found = []
        for element in self.root.iter(f"{SVG}text"):
            text, size = element.text or "", float(element.attrib["font-size"])
            if text in names:
                x, y = float(element.attrib["x"]), float(element.attrib["y"])
                found.append((text, x, y - 0.72 * size, x + text_width(text, size, bold=False), y + 0.2 * size))
        return found


def test_an_area_is_a_number_of_parameters() -> None:
    """Twice the parameters are twice the area."""
    circles = Read(SIX).circles
    areas = {bubble.name: pi * circles[bubble.name][2] ** 2 / bubble.params for bubble in SIX if bubble.params > 2e7}
    assert max(areas.values()) == pytest.approx(min(areas.values()), rel=0.01)


def test_more_macs_are_further_right_and_more_accuracy_is_higher() -> None:
    circles = Read(SIX).circles
    known = SIX[:-1]
    assert [b.name for b in sorted(known, key=lambda b: circles[b.name][0])] == [
        b.name for b in sorted(known, key=lambda b: b.macs)
    ]
    assert [b.name for b in sorted(known, key=lambda b: -circles[b.name][1])] == [
        b.name for b in sorted(known, key=lambda b: b.accuracy or 0)
    ]


def test_a_network_without_accuracy_stands_apart() -> None:
    """It lies below all others, and its place is named."""
    read = Read(SIX)
    lowest = max(y + radius for name, (_, y, radius) in read.circles.items() if name != "mine")
    assert read.circles["mine"][1] > lowest
    assert "no published accuracy on ImageNet" in read.texts


def test_the_axes_have_their_units() -> None:
    texts = Read(SIX).texts
    assert "MACs for one image (log scale)" in texts
    assert "top-1 accuracy on ImageNet" in texts
    assert "10 G" in texts
    assert "70%" in texts


def test_the_key_has_round_numbers() -> None:
    """Three circles stand for 100, 25 and 5 million parameters, in the scale of the bubbles."""
    read = Read(SIX)
    texts = read.texts
    assert texts[-3:] == ["5 M", "25 M", "100 M"]
    radii = [float(c.attrib["r"]) for c in read.root.iter(f"{SVG}circle") if c.attrib["class"] == "bubble-key"]
    vgg = read.circles["vgg16"][2]
    assert radii[-1] == pytest.approx(vgg * (100e6 / 138_357_544) ** 0.5, abs=0.06)


@pytest.mark.slow
def test_no_name_of_81_networks_lies_on_another() -> None:
    """All have a name, and every bubble lies within the picture."""
    bubbles = zoo_bubbles()
    assert len(bubbles) > 80
    read = Read(bubbles)
    frames = read.frames({bubble.name for bubble in bubbles})
    assert len(frames) == len(bubbles)
    assert not any("left out" in text for text in read.texts)
    for one, other in combinations(frames, 2):
        apart = one[1] >= other[3] or other[1] >= one[3] or one[2] >= other[4] or other[2] >= one[4]
        assert apart, (one[0], other[0])
    left, right = 74, 74 + 980
    for x, y, radius in read.circles.values():
        assert left <= x - radius < x + radius <= right
        assert 64 <= y - radius < y + radius <= 64 + 640


def test_names_for_which_there_is_no_room_are_counted() -> None:
    """A hundred networks in one place: the names that are there do not meet, and the picture says how many are not."""
    bubbles = [Bubble(f"network_of_a_long_name_{place}", 10**6, 10**9, 75.0) for place in range(300)]
    read = Read(bubbles)
    (said,) = [text for text in read.texts if "left out" in text]
    assert len(read.frames({bubble.name for bubble in bubbles})) == 300 - int(said.split()[0])


@pytest.mark.parametrize(
    "bubbles",
    [
        [Bubble("one", 25_557_032, 4_089_184_256, 76.13)],
        [Bubble("nothing", 0, 0, None)],
        [Bubble("all", 10**15, 10**18, 100.0), Bubble("none", 0, 0, 0.0)],
        [Bubble("same", 5, 7, 50.0), Bubble("same too", 5, 7, 50.0)],
    ],
    ids=["one", "nothing", "extremes", "alike"],
)
def test_few_networks_and_extreme_ones(bubbles: list[Bubble]) -> None:
    """Everything is a number, and every network has its name."""
    read = Read(bubbles, "ImageNet" if bubbles[0].accuracy is not None else "")
    assert set(read.circles) == {bubble.name for bubble in bubbles}
    assert not re.search("nan|inf", ElementTree.tostring(read.root, encoding="unicode"))


def test_all_numbers_are_said_for_who_cannot_see_them() -> None:
    description = Read(SIX).root.findtext(f"{SVG}desc")
    assert description is not None
    assert "resnet50: 25,557,032 parameters, 4,089,184,256 MACs, 76.13% on ImageNet" in description
    assert description.endswith("mine: 1,000,000 parameters, 100,000,000 MACs, no published accuracy")


def test_names_are_text_and_no_markup() -> None:
    bubbles = [Bubble('<script>alert("x")</script>', 10, 10, 50.0)]
    assert "<script>" not in svg(bubble_picture(bubbles, "ImageNet"))

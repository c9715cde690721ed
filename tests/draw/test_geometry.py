"""Where things lie in a picture: nothing overlaps, nothing leaves the page, no line crosses a text, all can be read."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.draw.showing import SHOWN
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from tests.draw.geometry import Area, Segment, drawn, faults
from tests.draw.tangles import tangle
from tests.oracle.random_specs import spec as random_spec

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.txt"))
FITTING = [path for path in EXAMPLES if path.stem != "too-big-stride"]
SHOW = ["", *SHOWN]


WHOLE = ("graph", "volumes")
"""Styles that show a whole network."""


def picture(network: cnncalc.Network, show: str = "", style: str = "graph") -> str:
    """Draw a network."""
    return svg(picture_of(network, style, DrawingOptions("net", show)))


@pytest.mark.slow
@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo_can_be_read(name: str, style: str) -> None:
    """With and without what is shown of its costs."""
    network = cnncalc.load(name)
    for show in ("", "share"):
        assert faults(picture(network, show, style)) == []


@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("path", FITTING, ids=lambda path: str(path.stem))
def test_every_example_can_be_read(path: Path, style: str) -> None:
    assert faults(picture(cnncalc.load(path), "", style)) == []


@pytest.mark.slow
@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("seed", range(60))
def test_networks_that_are_hard_to_draw_can_be_read(seed: int, style: str) -> None:
    """Labels taken from anywhere, deep and wide merges, long chains."""
    assert faults(picture(cnncalc.load(tangle(seed)), SHOW[seed % len(SHOW)], style)) == []


@pytest.mark.slow
@pytest.mark.parametrize("style", WHOLE)
@pytest.mark.parametrize("seed", range(100))
def test_networks_of_every_layer_can_be_read(seed: int, style: str) -> None:
    """In one to three dimensions."""
    assert faults(picture(random_spec(Random(seed)).load(), SHOW[seed % len(SHOW)], style)) == []


@pytest.mark.parametrize("depth", [1, 2, 3, 9])
@pytest.mark.parametrize("name", ["resnet50", "googlenet", "unet", "efficientnet_b0"])
def test_every_depth_can_be_read(name: str, depth: int) -> None:
    assert faults(svg(picture_of(cnncalc.load(name), "graph", DrawingOptions("net", depth=depth)))) == []


def test_a_chain_of_thousands_of_layers_is_one_page() -> None:
    """Its middle is left out."""
    text = "\n".join([f"conv {1 + 2 * (n % 3)}x{1 + 2 * (n % 2)}x{1 + n % 7} same" for n in range(3000)])
    for style in WHOLE:
        assert faults(picture(cnncalc.load(text, input="32x32x3"), "", style)) == []


def test_a_nest_of_labels_is_no_nest_of_calls() -> None:
    """Merges within merges, as deep as anybody likes: each label is taken once, the last first."""
    count = 800
    down = [f"at{n}: conv 3x3x4 p1" for n in range(count)]
    up = [f"add( conv 1x1x4 | @at{n} )" for n in reversed(range(count))]
    for style in WHOLE:
        assert faults(picture(cnncalc.load("\n".join([*down, *up]), input="8x8x4"), "", style)) == []


# ---- the check itself


@pytest.fixture
def sound() -> str:
    """A picture that can be read."""
    return picture(cnncalc.load("conv 3x3x4 p1 - add( conv 3x3x4 p1 | ) - fc 10", input="8x8x4"))


def test_a_sound_picture_is_found_sound(sound: str) -> None:
    assert faults(sound) == []
    assert [text.what for text in drawn(sound).texts][:2] == ["input", "8×8×4"]


def test_the_check_finds_what_is_moved(sound: str) -> None:
    """A text moved onto another one, a box onto a line, a page that is too narrow, a text too small."""
    label = next(text for text in drawn(sound).texts if text.what == "8×8×4")
    onto_line = sound.replace(f'x="{label.left:.1f}"'.replace(".0", ""), f'x="{label.left - 20:.1f}"', 1)
    assert any("crosses the text" in fault for fault in faults(onto_line))
    assert any("outside the page" in fault for fault in faults(sound.replace(' width="', ' width="1', 1).replace(
        ' height="', ' height="1', 1).replace('x="20"', 'x="-3"')))  # fmt: skip
    assert any("points on A4" in fault for fault in faults(sound.replace('font-size="11"', 'font-size="1"')))


def test_a_line_cuts_what_it_runs_through() -> None:
    area = Area(10, 10, 20, 20)
    assert Segment(0, 15, 30, 15).cuts(area)
    assert Segment(0, 0, 30, 30).cuts(area)
    assert not Segment(0, 5, 30, 5).cuts(area)
    assert not Segment(10, 0, 10, 30).cuts(area)
    assert not Segment(0, 20, 30, 50).cuts(area)


@pytest.mark.parametrize("spec", ["relu", "conv 3x3x4 p1", "conv 3x3x4 p1 - relu - fc 10", "pool2 - pool2 - gap"])
def test_a_short_network_is_one_column(spec: str) -> None:
    """A chain of a few boxes goes down, and no line leads back to the top."""
    picture = picture_of(cnncalc.load(spec, input="8x8x3"), "graph", DrawingOptions("net"))
    boxes = [shape for shape in picture.shapes if type(shape).__name__ == "ShapeGroup"]
    assert len({box.shapes[0].x for box in boxes}) == 1  # type: ignore[attr-defined]

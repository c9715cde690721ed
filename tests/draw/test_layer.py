"""The pictures of one layer: its window on the padded grid, and what one of its units sees."""

from __future__ import annotations

from random import Random
from xml.etree import ElementTree

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.draw.layer.reach import seen_inputs, way_to
from cnncalc.draw.shapes import Picture, Rect, ShapeGroup, Text
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from tests.draw.geometry import unreadable
from tests.oracle.random_specs import spec as random_spec


def texts(picture: Picture) -> list[str]:
    """Return the texts of a picture."""
    return [shape.text for shape in picture.shapes if isinstance(shape, Text)]


def windows(picture: Picture) -> dict[str, Rect]:
    """Return the windows on the input, by their roles."""
    found = [shape for shape in picture.shapes if isinstance(shape, Rect) and shape.role.startswith("window")]
    return {rect.role: rect for rect in reversed(found)}


def window(text: str, input: str, **options: int) -> Picture:
    """Draw the window of a layer."""
    rounding = "floor" if options else None
    return picture_of(cnncalc.load(text, input=input, rounding=rounding), "window", DrawingOptions("net", **options))


# ---- windows: the lecture's 7x7 grid with a 3x3 filter


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv 3x3x1", "height and width: (7 − 3 + 2·0)/1 + 1 = 5"),
        ("conv 3x3x1 s2", "height and width: (7 − 3 + 2·0)/2 + 1 = 3"),
        ("conv 3x3x1 p1", "height and width: (7 − 3 + 2·1)/1 + 1 = 7"),
    ],
)
def test_the_sum_of_the_lecture_stands_below(text: str, said: str) -> None:
    assert said in texts(window(text, "7x7x3"))


def test_where_it_does_not_fit_the_last_window_hangs_over() -> None:
    """A stride of 3: 0, 3 and 6 are where windows start, and the third needs cells 6, 7 and 8 of 7."""
    picture = window("conv 3x3x1 s3", "7x7x3", misfit=1)
    assert texts(picture)[-3] == "height and width: (7 − 3 + 2·0)/3 + 1 = 2.33: it does not fit"
    (grid,) = [
        shape.shapes[0] for shape in picture.shapes if isinstance(shape, ShapeGroup) and shape.names == ("input",)
    ]  # fmt: skip
    over = windows(picture)["window-over"]
    assert isinstance(grid, Rect)
    cell = grid.width / 7
    assert over.x + over.width == pytest.approx(grid.x + 9 * cell, abs=2)
    assert "window-last" not in windows(picture)


def test_padding_is_zeros_around_the_input() -> None:
    """9x9 cells of which 7x7 are the input."""
    assert texts(window("conv 3x3x1 p1", "7x7x3")).count("0") == 9 * 9 - 7 * 7
    assert texts(window("pool 3x3 s1 p1", "7x7x3")).count("0") == 0  # a pool does not read its padding as 0


def test_what_is_never_read_is_said() -> None:
    assert "the last row and column are never read" in texts(window("pool 3x3 s2 floor", "8x8x3"))


def test_a_stride_is_as_long_as_it_says() -> None:
    """The second window starts two cells behind the first."""
    found = windows(window("conv 3x3x1 s2", "7x7x3"))
    first, second = found["window-first"], found["window-second"]
    assert second.x - first.x == pytest.approx(2 * (first.width + 2) / 3)


def test_a_dilated_window_has_the_cells_that_it_reads_filled() -> None:
    """A 3x3 window with dilation 2 spans 5x5 cells and reads every second one of them."""
    picture = window("conv 3x3x1 d2 s2", "9x9x3")
    first = [shape for shape in picture.shapes if isinstance(shape, Rect) and shape.role == "window-first-cell"]
    corner = first[0]
    cell = corner.width + 3
    assert [(round((c.x - corner.x) / cell), round((c.y - corner.y) / cell)) for c in first] == [
        (x, y) for y in (0, 2, 4) for x in (0, 2, 4)
    ]
    assert "a window reads some of its cells: they are filled in the first" in texts(picture)
    plain = window("conv 3x3x1 s2", "9x9x3")
    assert not any(isinstance(shape, Rect) and shape.role.endswith("-cell") for shape in plain.shapes)


def test_a_large_input_is_shown_as_far_as_two_windows_reach() -> None:
    assert "…" in texts(window("conv 11x11x96 s4 p2", "227x227x3"))


@pytest.mark.parametrize("name", zoo.names())
def test_every_window_of_the_zoo_can_be_read(name: str) -> None:
    """The last layer that has one, and the first."""
    network = cnncalc.load(name)
    windows = [node.name for node in network if getattr(node.layer, "windows", ())]
    if not windows:
        pytest.skip("it has transposed convolutions alone")
    for layer in ("", windows[-1]):
        assert unreadable(svg(picture_of(network, "window", DrawingOptions(name, layer=layer)))) == []


# ---- receptive fields


@pytest.mark.parametrize(
    ("text", "layer", "said"),
    [
        ("(conv 3x3x8 p1)*3", "conv3", "receptive field 7×7 of 32×32, stride 1"),
        ("conv 7x7x8 p3", "conv1", "receptive field 7×7 of 32×32, stride 1"),
        ("conv 5x5x6 - pool2 - conv 5x5x16 - pool2", "pool2", "receptive field 16×16 of 32×32, stride 4"),
    ],
)
def test_the_field_is_that_of_the_lectures(text: str, layer: str, said: str) -> None:
    """Three 3x3 layers see what one of 7x7 sees; LeNet-5: 5, 6, 14, 16."""
    picture = picture_of(cnncalc.load(text, input="32x32x3"), "field", DrawingOptions("net", layer=layer))
    assert said in texts(picture)


def test_the_way_back_is_the_arithmetic_of_windows() -> None:
    """A 3x3 window sees 3, and a 5x5 window in front of it 2 + 5 = 7, whatever the stride of the last one is."""
    network = cnncalc.load("conv 5x5x4 - conv 3x3x4 s2", input="21x21x1")
    levels = way_to(network, network.layers[-1], 1, *seen_inputs(network, network.layers[-1]))
    assert [level.last - level.first + 1 for level in levels] == [7, 3, 1]


@pytest.mark.parametrize("name", zoo.names())
def test_the_way_back_ends_at_the_receptive_field(name: str) -> None:
    """Followed back layer by layer, the middle unit of a plain chain sees what the field says that it sees.

    Through branches it sees at most that, since the way goes through one of them.
    """
    network = cnncalc.load(name)
    picture_of(network, "field", DrawingOptions(name))
    node = next(node for node in reversed(network.layers) if node.operation.reaches and max(node.output.spatial) > 1)
    axis = node.output.dimensions - 1
    [seen] = seen_inputs(network, node)
    levels, field = way_to(network, node, axis, seen), seen.fields[axis]
    assert field is not None
    first, last = field.at(node.output.spatial[axis] // 2)
    seen = (levels[0].first, levels[0].last)
    if all(len(layer.inputs) == 1 for layer in network.layers[: node.index]):
        assert seen == (first, last)
    if not any(layer.layer.kind == "mul" for layer in network.layers):  # a gate sees all of the input, and no padding
        assert first <= seen[0] <= seen[1] <= last


@pytest.mark.parametrize("name", zoo.names())
def test_every_field_of_the_zoo_can_be_read(name: str) -> None:
    assert unreadable(svg(picture_of(cnncalc.load(name), "field", DrawingOptions(name)))) == []


def test_a_field_beyond_the_input_says_so() -> None:
    picture = picture_of(cnncalc.load("resnet50"), "field", DrawingOptions("net"))
    assert "it reaches into the padding around the input" in texts(picture)


def test_bars_that_are_left_out_are_counted() -> None:
    """30 layers of 3x3 and the input are 31 bars; the field is 1 + 30·2 = 61, whatever is shown."""
    picture = picture_of(cnncalc.load("(conv 3x3x4 p1)*30", input="99x99x1"), "field", DrawingOptions("net"))
    assert "20 of the 31 bars on the way are shown" in texts(picture)
    assert "receptive field 61×61 of 99×99, stride 1" in texts(picture)


def test_a_photo_is_in_the_picture_itself() -> None:
    uri = "data:image/png;base64,AAAA"
    text = svg(picture_of(cnncalc.load("lenet5"), "field", DrawingOptions("net", photo=uri)))
    images = [e for e in ElementTree.fromstring(text).iter() if e.tag.endswith("image")]
    assert [image.attrib["href"] for image in images] == [uri]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_layers_of_every_kind_can_be_read(seed: int) -> None:
    """In one to three dimensions; a network may have no window, or a field that is not known."""
    network = random_spec(Random(seed)).load()
    for style in ("window", "field"):
        try:
            text = svg(picture_of(network, style, DrawingOptions("net")))
        except cnncalc.SpecError as error:
            assert error.code in ("no-such-layer", "unknown-field")
            continue
        assert unreadable(text) == []


@pytest.mark.parametrize(
    ("layer", "volume"),
    [
        ("conv 3x3x4", "1000000000000x1000000000000x3"),
        ("conv 3x3x4 p10000000", "10x10x3"),
        ("conv 3x3x4 s3 floor", "9999998x3x1"),
    ],
)
def test_a_window_on_a_huge_input_takes_no_longer(layer: str, volume: str) -> None:
    """Only the cells that are shown are drawn, and only the windows that lie in them."""
    picture = picture_of(cnncalc.load(layer, input=volume), "window", DrawingOptions("net"))
    assert len(picture.shapes) < 2000

"""The parts of images that excite units: found by a search of all positions, and as large as a gradient says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.analysis.receptive import receptive_fields
from cnncalc.core.errors import ArgumentError
from cnncalc.inspect.maps import activations
from cnncalc.inspect.patches import (
    KEPT,
    PatchBox,
    box_of,
    check_units,
    cut_out,
    exciting_patches,
    most_active_units,
    patch_size,
)
from cnncalc.inspect.shown_patches import SIDE, patches_part
from cnncalc.train.tasks.labels import Labels
from tests.inspect.subjects import make_subject, noise

SPEC = "input 12x14x1\nconv 3x3x4 p1 - relu - pool2\nconv 3x3x5 - relu\nfc 3"
LABELS = [0, 1, 2] * 7


def test_the_most_exciting_positions_are_those_that_a_search_finds(tmp_path: Path) -> None:
    """Every value of every map, sorted by hand: of each image the largest, and of these the nine largest."""
    subject = make_subject(tmp_path, SPEC, images=noise(21, 12, 14), labels=LABELS)
    node = next(node for node in subject.network if node.name == "relu2")
    found = exciting_patches(subject, [node])[node.index]
    pixels, _ = subject.fetch(torch.arange(21))
    with torch.no_grad():
        maps = activations(subject.module, subject.network, subject.seen(pixels), [node.index]).layers[node.index]
    assert len(found) == 5
    for unit, patches in enumerate(found):
        largest = sorted((float(maps[image, unit].max()) for image in range(21)), reverse=True)[:KEPT]
        assert [patch.value for patch in patches] == largest
        for patch in patches:
            assert float(maps[patch.image, unit][patch.position]) == patch.value


@pytest.mark.parametrize("layer", ["conv1", "avgpool1", "conv2", "fc1"])
@pytest.mark.parametrize("pool", ["avgpool 2x2 s2", "avgpool 3x3 s1 p1", "avgpool 2x2 s2 - upsample 2"])
def test_a_patch_is_where_the_gradient_is(pool: str, layer: str) -> None:
    """All weights are positive: the gradient of a unit is not 0 on what it looks at, which ends where the box does."""
    network = cnncalc.load(f"input 12x14x1\nconv 5x5x4 p2 - {pool}\nconv 3x3x5\nfc 3")
    module = cnncalc.build(network, seed=0)
    for value in module.parameters():
        value.data.abs_().add_(0.1)
    node = next(node for node in network if node.name == layer)
    fields = receptive_fields(network)[node.index]
    image = torch.rand(1, 1, 12, 14, requires_grad=True)
    maps = activations(module, network, image, [node.index]).layers[node.index]
    maps = maps if maps.dim() == 4 else maps[:, :, None, None]
    high, wide = maps.shape[2:]
    for position in {(0, 0), (high - 1, wide - 1), (high // 2, wide // 2), (0, wide - 1)}:
        (gradient,) = torch.autograd.grad(maps[0, 0][position], image, retain_graph=True)
        rows, columns = (gradient[0, 0].abs().sum(axis).nonzero().flatten().tolist() for axis in (1, 0))
        box = box_of(network, fields, position)
        assert (max(0, box.top), min(11, box.bottom)) == (rows[0], rows[-1])
        assert (max(0, box.left), min(13, box.right)) == (columns[0], columns[-1])


def test_what_lies_outside_of_the_image_is_transparent() -> None:
    pixels = torch.arange(1, 13, dtype=torch.uint8).view(1, 3, 4)
    tile = cut_out(pixels, PatchBox(-1, 1, 2, 4), (3, 3))
    assert tile[..., 0].tolist() == [[0, 0, 0], [3, 4, 0], [7, 8, 0]]
    assert tile[..., 3].tolist() == [[0, 0, 0], [255, 255, 0], [255, 255, 0]]
    assert not cut_out(pixels, PatchBox(-3, -1, 0, 2), (3, 3)).any()


def test_what_is_larger_than_the_image_is_the_image() -> None:
    network = cnncalc.load(SPEC)
    fields = receptive_fields(network)[len(network)]
    assert box_of(network, fields, (0, 0)) == (0, 11, 0, 13)
    assert patch_size(network, fields) == (12, 14)


def test_units_that_never_answer_are_left_out(tmp_path: Path) -> None:
    """Unit 0 of the ReLU has a bias that no image overcomes."""
    dead = {"conv1.bias": torch.tensor([-1000.0, 0, 0, 0])}
    subject = make_subject(tmp_path, SPEC, weights=dead, images=noise(21, 12, 14), labels=LABELS)
    node = subject.network.layers[1]
    units = most_active_units(exciting_patches(subject, [node])[2], 8)
    assert 0 not in units
    assert units == sorted(units)


def test_a_unit_that_is_not_there_is_refused() -> None:
    network = cnncalc.load(SPEC)
    with pytest.raises(ArgumentError) as caught:
        check_units(network.layers[:1], [1, 4])
    assert caught.value.message == "`conv1` has no unit 4: its units are 0 to 3"


def test_a_page_shows_the_patches_of_the_units_that_are_named(tmp_path: Path) -> None:
    """A block of three by three tiles for each, whose first is cut out of the image where the unit is excited most."""
    images = noise(21, 12, 14)
    subject = make_subject(tmp_path, SPEC, images=images, labels=LABELS)
    node = subject.network.layers[1]
    part = patches_part(subject, [node], [3, 0])
    assert [shot.lines[0] for shot in part.rows[0].shots] == ["unit 3", "unit 0"]
    best = exciting_patches(subject, [node])[node.index][3][0]
    top, left = (place - 1 for place in best.position)  # the window of 3x3 begins a row and a column before
    factor = SIDE // 3
    middle = part.rows[0].shots[0].picture[1 + factor + factor // 2, 1 + factor + factor // 2]
    assert middle[0] == images[best.image, top + 1, left + 1]


def test_units_of_the_output_carry_the_names_of_labels(tmp_path: Path) -> None:
    """The outputs of a network that learns several labels are these labels; units of other layers have numbers."""
    subject = make_subject(tmp_path, SPEC, images=noise(21, 12, 14), labels=LABELS)
    subject = subject._replace(task=Labels(("red", "round", "ripe")))
    hidden, output = subject.network.layers[-2], subject.network.layers[-1]
    rows = patches_part(subject, [hidden, output], [0, 2]).rows
    assert [[shot.lines[0] for shot in row.shots] for row in rows] == [["unit 0", "unit 2"], ["red", "ripe"]]

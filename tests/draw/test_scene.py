"""What a picture shows: which boxes, how often, which layers they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.draw.folding.opening import Limits, scene_of
from cnncalc.draw.scene import Box, Frame, Part, Scene, SceneFork
from tests.draw.tangles import tangle


def scene(spec: str, input: str | None = None, **limits: int) -> Scene:
    """Return the scene of a network."""
    return scene_of(cnncalc.load(spec, input=input), "net", Limits(**limits))


def titles(shown: Scene) -> list[str]:
    """Return the titles of the boxes, with how often each comes."""
    return [box.title + (f" ×{box.times}" if box.times > 1 else "") for box in shown.chain.boxes()]


def parts(shown: Scene) -> Iterator[Part]:
    """Go through all parts of the chain, also those in others."""
    waiting: list[Part] = list(shown.chain.parts)
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Frame):
            waiting += part.body.parts
        elif isinstance(part, SceneFork):
            waiting += [inner for path in part.paths for inner in path.chain.parts]


# ---- boxes


def test_a_convolution_has_its_norm_and_activation_in_its_box() -> None:
    shown = scene("conv 3x3x8 s2 p1 - bn - relu - dropout - fc 10 - softmax", "9x9x3")
    boxes = list(shown.chain.boxes())
    assert [box.title for box in boxes] == ["input", "conv 3×3, 8", "fc 10"]
    assert [box.lines for box in boxes] == [(), ("stride 2 · bn · relu · dropout",), ("softmax",)]
    assert boxes[1].names == ("conv1", "bn1", "relu1", "dropout1")


def test_what_comes_first_in_a_box_stands_above_its_title() -> None:
    """As in DenseNet, where a layer normalises before it convolves."""
    shown = scene("bn - relu - conv 3x3x8 p1 - fc 10", "9x9x3")
    assert [(box.above, box.title) for box in shown.chain.boxes()][1] == ("bn · relu", "conv 3×3, 8")


def test_a_volume_that_a_skip_takes_has_a_box_of_its_own() -> None:
    """An activation behind a layer that somebody else reads does not share its box."""
    shown = scene("a: conv 3x3x8 p1 - relu - conv 3x3x8 p1 - add( @a | )", "9x9x3")
    assert titles(shown) == ["input", "conv 3×3, 8", "conv 3×3, 8", "+"]
    assert [box.above for box in shown.chain.boxes()][2] == "relu"


def test_resnet_152_has_the_repeats_of_its_paper() -> None:
    """He et al., table 1: 3, 8, 36 and 3 blocks, of which the first of each stage is drawn by itself."""
    shown = scene("resnet152")
    assert [part.times for part in sorted(
        [p for p in parts(shown) if isinstance(p, Frame) and p.times > 1], key=lambda p: p.spans
    )] == [3 - 1, 8 - 1, 36 - 1, 3 - 1]  # fmt: skip
    assert sum(1 for _ in shown.boxes()) <= 25


def test_the_layers_of_vgg_16_are_counted_once_each() -> None:
    """Simonyan and Zisserman, table 1, D: 13 convolutions and 3 fully connected layers."""
    shown = scene("vgg16", depth=3)
    counted = Counter[str]()
    for part in parts(shown):
        if isinstance(part, Box):
            counted[part.role] += sum(name.rsplit(".", 1)[-1].startswith(("conv", "fc")) for name in part.names)
    assert counted["convolution"] == 13
    assert counted["linear"] == 3


def test_what_repeats_on_smaller_and_smaller_volumes_is_shown_each_time() -> None:
    """VGG-16's last two stages are written alike, and work on 28x28 and on 14x14."""
    stages = [part for part in scene("vgg16").chain.parts if isinstance(part, Frame)]
    assert [(stage.title, stage.times, stage.output) for stage in stages[-2:]] == [
        ("stage(512, depth=3)", 1, "14×14×512"),
        ("stage(512, depth=3)", 1, "7×7×512"),
    ]


def test_channels_may_grow_in_a_repeat() -> None:
    """DenseNet-121: 6 layers take 64 channels to 64 + 6·32 = 256."""
    (dense,) = [p for p in parts(scene("densenet121")) if isinstance(p, Frame) and p.times == 6]
    assert dense.output == "56×56×256"


def test_a_small_network_is_shown_as_it_is_written() -> None:
    assert titles(scene("conv 3x3x8 p1 - relu - conv 3x3x8 p1 - relu - fc 10", "9x9x3")) == [
        "input",
        "conv 3×3, 8",
        "conv 3×3, 8",
        "fc 10",
    ]


def test_depth_says_how_deep_blocks_are_opened() -> None:
    """A depth of 1 is one box for each block, as in `cnncalc shapes --depth 1`."""
    assert titles(scene("resnet50", depth=1)) == [
        "input", "conv 7×7, 64", "max pool 3×3", "stage(64, depth=3, stride=1)", "stage(128, depth=4)",
        "stage(256, depth=6)", "stage(512, depth=3)", "gap", "fc 1000",
    ]  # fmt: skip
    assert len(titles(scene("resnet50", depth=2))) > 9


def test_googlenet_shows_the_inside_of_its_modules_once() -> None:
    """Nine modules stand closed, and one is shown opened: 1x1, 1x1-3x3, 1x1-3x3, pool-1x1."""
    shown = scene("googlenet")
    assert sum(title.startswith("inception") for title in titles(shown)) == 9
    (detail,) = shown.details
    (fork,) = detail.body.parts
    assert isinstance(fork, SceneFork)
    assert [[box.title for box in path.chain.boxes()] for path in fork.paths] == [
        ["conv 1×1, 64"],
        ["conv 1×1, 96", "conv 3×3, 128"],
        ["conv 1×1, 16", "conv 3×3, 32"],
        ["max pool 3×3", "conv 1×1, 32"],
    ]


def test_a_label_taken_from_another_branch_is_a_letter() -> None:
    """No branches that part and merge: the volume has the same letter at both ends."""
    shown = scene("add( a: conv 3x3x8 p1 - relu | conv 1x1x8 ) - conv 3x3x8 p1 - add( @a | )", "9x9x8")
    assert shown.marks == {1: "A"}


def test_branches_that_all_read_elsewhere_have_no_line_from_the_part_before() -> None:
    """Both ends of each have a letter, and the layer before ends there."""
    text = "a: conv 3x3x8 p1 - b: conv 3x3x8 p1 - bn - @a - c: conv 5x5x8 p2 - conv 7x7x8 p3 - add( @b | @c )"
    shown = scene(text, "9x9x8")
    (place,) = [place for place, part in enumerate(shown.chain.parts) if isinstance(part, SceneFork)]
    assert shown.chain.origins[place] == -1
    assert set(shown.marks) == {1, 2, 4}


def test_a_label_inside_a_closed_block_has_its_letter_in_the_inside_that_is_shown() -> None:
    """As the branches of a block that is drawn once beside the network."""
    block = "block b\nadd( a: conv 3x3x8 p1 - relu | conv 1x1x8 ) - conv 3x3x8 p1 - add( @a | )\nend\n"
    shown = scene(block + "b - conv 3x3x8 p1 - b - fc 10", "9x9x8", depth=1)
    assert [detail.title for detail in shown.details] == ["b"]
    assert list(shown.marks.values()) == ["A"]


def test_what_reads_from_the_middle_that_is_left_out_has_the_letter_of_that_box() -> None:
    chain = "\n".join([f"conv 3x3x{1 + n % 89} p1" for n in range(200)])
    text = f"{chain}\nkept: conv 3x3x8 p1\n{chain}\nx: conv 3x3x7 p1\nconv 3x3x9 p1\nconcat(@kept | @x | )"
    shown = scene(text, "9x9x8")
    left_out = {box.exit for box in shown.chain.boxes() if box.title == "…"}
    assert left_out & set(shown.marks)
    every_letter_has_a_source(shown)


def every_letter_has_a_source(shown: Scene) -> None:
    """Fail where a letter stands at what is read and nowhere else."""
    sources = {shown.marks[box.exit] for box in shown.boxes() if box.exit in shown.marks}
    assert set(shown.marks.values()) == sources


# ---- every layer, exactly once


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_every_layer_of_the_zoo_is_in_one_box(name: str) -> None:
    """And what the boxes cost is what the network costs."""
    for depth in (1, 2, None):
        network = cnncalc.load(name)
        whole(network, scene_of(network, name, Limits(depth)))


@pytest.mark.parametrize("seed", range(80))
def test_every_layer_of_a_tangle_is_in_one_box(seed: int) -> None:
    network = cnncalc.load(tangle(seed))
    shown = scene_of(network, "net")
    whole(network, shown)
    every_letter_has_a_source(shown)


def whole(network: cnncalc.Network, shown: Scene) -> None:
    """Fail where a layer is in no box or in two, or where a cost is lost."""
    numbers: list[int] = []
    for box in shown.chain.boxes():
        for first, last in box.spans:
            numbers.extend(range(first, last + 1))
    assert sorted(numbers) == list(range(len(network) + 1))
    assert sum(box.costs.params for box in shown.chain.boxes()) == network.params
    assert sum(box.costs.macs for box in shown.chain.boxes()) == network.macs

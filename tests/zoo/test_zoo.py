"""The zoo: what every spec and every block file holds to, and the networks that torchvision has not."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import SpecError, zoo
from cnncalc.analysis import receptive_fields
from cnncalc.core.words import listed
from cnncalc.spec import parse
from cnncalc.zoo.catalogue import catalogue

FEWEST_LINES, MOST_LINES = 6, 60


@pytest.fixture(params=zoo.names())
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a spec."""
    return str(request.param)


def test_numbers_in_names_may_be_of_any_length() -> None:
    """A name of a stranger may have more digits than Python reads as a number."""
    assert listed(["v" + "9" * 5000, "v10", "v010a", "v9"]).startswith("v9, v10, v010a, v999")


def test_names_are_in_the_order_in_which_people_count() -> None:
    """Torchvision's documentation lists them so."""
    assert [name for name in zoo.names() if name.startswith("resnet")] == [
        "resnet18",
        "resnet20",
        "resnet34",
        "resnet50",
        "resnet56",
        "resnet101",
        "resnet110",
        "resnet152",
    ]


# ---- every spec


def test_the_head_names_the_paper(name: str) -> None:
    """A spec starts with its title, the authors with their paper, the year, and where to read it."""
    source = zoo.spec(name)
    assert source is not None
    entry = zoo.entry(source)
    authors, colon, paper = entry.paper.partition(": ")
    assert entry.name == name
    assert entry.title and authors and colon and paper
    assert 1998 <= entry.year <= 2026
    assert f", {entry.year}, http" in source.text.split("\n")[1]


def test_the_classes_are_a_parameter(name: str) -> None:
    """Every classifier is read from its text alone, and can be given another number of classes."""
    if catalogue()[name].task in ("detection", "generation", "super-resolution"):
        pytest.skip("it does not classify")
    assert cnncalc.load(name, params={"classes": 7}).output.channels == 7


def test_all_blocks_are_called(name: str) -> None:
    """No spec defines a block that it does not need."""
    source = zoo.spec(name)
    assert source is not None
    own = {block.name for block in parse(source, zoo.blocks).blocks.values() if block.source is source}
    called = {call.partition("(")[0] for call in cnncalc.load(name).blocks.values()}
    assert own <= called


def test_a_spec_is_short(name: str) -> None:
    """Whoever reads one sees it at a glance: comments and all, no spec takes more than a page."""
    source = zoo.spec(name)
    assert source is not None
    assert FEWEST_LINES <= len(source.text.splitlines()) <= MOST_LINES


def test_no_two_specs_define_the_same_block() -> None:
    """What members of a family share stands in a block file."""
    seen: dict[str, str] = {}
    for name in zoo.names():
        source = zoo.spec(name)
        assert source is not None
        for text in source.text.split("\nblock ")[1:]:
            block = text.partition("\nend")[0]
            if block.count("\n") > 1:  # one line gives a name to what differs
                assert seen.setdefault(block, name) == name


# ---- every block file


@pytest.mark.parametrize("name", zoo.block_names())
def test_a_block_file_holds_blocks_alone(name: str) -> None:
    """Using one brings in its blocks and adds no layer."""
    net = cnncalc.load(f"use {name}\nrelu", input="8x8x3")
    assert [node.name for node in net] == ["relu1"]


def test_all_blocks_of_the_files_are_called() -> None:
    """Each block of a block file has a network that calls it."""
    brought, called = set(), set()
    for name in zoo.names():
        source = zoo.spec(name)
        assert source is not None
        blocks = parse(source, zoo.blocks).blocks.values()
        files = {block.name: block.source.name for block in blocks if block.source is not source}
        brought |= {(file, block) for block, file in files.items()}
        calls = {call.partition("(")[0] for call in cnncalc.load(name).blocks.values()}
        called |= {(files[block], block) for block in calls if block in files}
    assert called == brought


def test_an_unknown_block_file_is_an_error_with_its_place() -> None:
    """The error names the file that does not exist, and points at the word."""
    with pytest.raises(SpecError) as raised:
        cnncalc.load("use resnt\nrelu", input="8x8x3")
    assert raised.value.code == "unknown-name"
    assert (raised.value.line, raised.value.column) == (1, 5)
    assert "`resnt`" in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "../specs/resnet50",
        "../blocks/resnet",
        "./resnet50",
        "/etc/passwd",
        "resnet50.txt",
        "resnet50\0",
        "resnet50\n",
        "résnet50",
        "ResNet50",
        "-",
        "",
    ],
)
def test_a_name_never_becomes_a_path(name: str) -> None:
    """Only small letters, digits and underscores can name what the package holds."""
    assert zoo.spec(name) is None
    assert zoo.blocks(name) is None


def test_a_block_file_is_no_spec() -> None:
    """Specs and block files are kept apart, also where they could share a name."""
    assert zoo.blocks("resnet") is not None and zoo.spec("resnet") is None
    assert zoo.spec("resnet50") is not None and zoo.blocks("resnet50") is None


# ---- networks that torchvision has not


def learned(net: cnncalc.Network) -> list[int]:
    """Return the parameters of the layers that have any."""
    return [node.params for node in net if node.params]


def spatial(net: cnncalc.Network, kinds: tuple[str, ...] = ("conv", "pool")) -> list[int]:
    """Return the heights of the volumes that convolutions and pools make."""
    return [node.output[0] for node in net if node.layer.kind in kinds]


def test_lenet5() -> None:
    """LeNet-5 shrinks 32 → 28 → 14 → 10 → 5 and has about 60 thousand parameters."""
    net = cnncalc.load("lenet5")
    convolutions = [(5 * 5 * 1 + 1) * 6, (5 * 5 * 6 + 1) * 16]
    dense = [(5 * 5 * 16 + 1) * 120, (120 + 1) * 84, (84 + 1) * 10]
    assert spatial(net) == [28, 14, 10, 5]
    assert learned(net) == convolutions + dense
    assert net.params == 61_706


def test_convnetjs_cifar10() -> None:
    """The demo shows 1216, 8020, 10020 and 3210 parameters."""
    net = cnncalc.load("convnetjs_cifar10")
    assert learned(net) == [(5 * 5 * 3 + 1) * 16, (5 * 5 * 16 + 1) * 20, (5 * 5 * 20 + 1) * 20, (4 * 4 * 20 + 1) * 10]
    assert learned(net) == [1216, 8020, 10020, 3210]


def test_alexnet_of_the_paper() -> None:
    """In two groups, AlexNet has 60,965,224 parameters, and 96 filters of 55x55 positions in front."""
    net = cnncalc.load("alexnet_paper")
    convolutions = [
        (11 * 11 * 3 + 1) * 96,
        (5 * 5 * 48 + 1) * 256,
        (3 * 3 * 256 + 1) * 384,
        (3 * 3 * 192 + 1) * 384,
        (3 * 3 * 192 + 1) * 256,
    ]
    dense = [(6 * 6 * 256 + 1) * 4096, (4096 + 1) * 4096, (4096 + 1) * 1000]
    assert spatial(net) == [55, 27, 27, 13, 13, 13, 13, 6]
    assert learned(net) == convolutions + dense
    assert net.params == 60_965_224


def test_alexnet_of_the_paper_does_not_fit_its_own_224() -> None:
    """(224 − 11)/4 + 1 is no whole number, which is how one knows that 227 was meant."""
    with pytest.raises(SpecError) as raised:
        cnncalc.load("alexnet_paper", input="224x224x3")
    assert raised.value.code == "does-not-fit"


def test_zfnet() -> None:
    """ZFNet has the sizes of its paper's figure 3: 110, 55, 26, 13 and 6."""
    net = cnncalc.load("zfnet")
    convolutions = [
        (7 * 7 * 3 + 1) * 96,
        (5 * 5 * 96 + 1) * 256,
        (3 * 3 * 256 + 1) * 384,
        (3 * 3 * 384 + 1) * 384,
        (3 * 3 * 384 + 1) * 256,
    ]
    dense = [(6 * 6 * 256 + 1) * 4096, (4096 + 1) * 4096, (4096 + 1) * 1000]
    assert spatial(net) == [110, 55, 26, 13, 13, 13, 13, 6]
    assert learned(net) == convolutions + dense


def test_unet() -> None:
    """U-Net goes down four times and up again; on the way up each level reads twice its channels."""
    net = cnncalc.load("unet")
    widths = [64, 128, 256, 512, 1024]
    down = [(3 * 3 * before + 1) * width for before, width in zip([1, *widths], widths, strict=False)]
    again = [(3 * 3 * width + 1) * width for width in widths]
    up = [(2 * 2 * 2 * width + 1) * width + (3 * 3 * 2 * width + 1) * width for width in widths[:-1]]
    up_again = [(3 * 3 * width + 1) * width for width in widths[:-1]]
    last = (64 + 1) * 2
    assert net.output == (512, 512, 2)
    assert net.params == sum(down + again + up + up_again) + last
    assert [node.inputs for node in net if node.layer.merges] == skips(net)


def skips(net: cnncalc.Network) -> list[tuple[int, int]]:
    """Return what the merges of U-Net should read: the last ReLU of each level on the way down, and a deconv."""
    levels = [node.inputs[0] for node in net if node.layer.kind == "pool"]
    ups = [node.index for node in net if node.layer.kind == "deconv"]
    return list(zip(reversed(levels), ups, strict=True))


# ---- receptive fields

RECEPTIVE_FIELDS = [
    # Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019
    ("alexnet", 195),
    ("vgg16", 212),
    ("inception_v3", 1311),
    # a 7x7 convolution, a pool, then per stage of 3x3 convolutions the one that halves the size and the others,
    # each of which adds 2 units of what it reads. (That a stage halves in its 3x3 takes 56 from the 483 of
    # the original ResNet-50, and as much from 1027 and 1507.)
    ("resnet18", 7 + 2 * 2 + 4 * 2 * 4 + (2 * 4 + 3 * 2 * 8) + (2 * 8 + 3 * 2 * 16) + (2 * 16 + 3 * 2 * 32)),
    ("resnet34", 7 + 2 * 2 + 6 * 2 * 4 + (2 * 4 + 7 * 2 * 8) + (2 * 8 + 11 * 2 * 16) + (2 * 16 + 5 * 2 * 32)),
    ("resnet50", 483 - 2 * (4 + 8 + 16)),
    ("resnet101", 1027 - 2 * (4 + 8 + 16)),
    ("resnet152", 1507 - 2 * (4 + 8 + 16)),
]


@pytest.mark.parametrize(("name", "side"), RECEPTIVE_FIELDS)
def test_receptive_fields(name: str, side: int) -> None:
    """In front of its head, a unit sees as many pixels of the image as the literature says."""
    net = cnncalc.load(name)
    head = next(node for node in net if node.layer.kind in ("gap", "adaptiveavgpool"))
    fields = receptive_fields(net)[head.inputs[0]]
    assert [field and field.size for field in fields] == [side, side]

"""Folded tables: blocks and repeats in a row each, whose numbers add up to those of the whole network."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from random import Random

import pytest

import cnncalc as library
from cnncalc import zoo
from cnncalc.folding.groups import LayerGroup, groups_of
from cnncalc.folding.rows import FoldedRow, folded_rows
from cnncalc.report.folded import folded_shapes
from tests.commands.conftest import Cnncalc
from tests.draw.tangles import Tangle


def rows_of(text: str, **settings: str) -> list[FoldedRow]:
    rows = folded_rows(library.load(text, **settings))
    assert rows is not None
    return rows


def shown(rows: list[FoldedRow]) -> list[tuple[str, int, str]]:
    return [("  " * row.level + row.name, row.times, row.layer) for row in rows]


def assert_whole(network: library.Network) -> None:
    """Every layer belongs to one row, and a row leads on to what the last of its layers makes."""
    rows = folded_rows(network) or []
    layers = [index for row in rows for first, last in row.spans for index in range(first, last + 1)]
    assert sorted(layers) == list(range(1, len(network) + 1) if rows else [])
    assert all(row.spans[-1][0] <= row.exit <= row.spans[-1][1] for row in rows if row.spans)


# ---- which rows


def test_resnet_152_has_the_blocks_of_its_paper() -> None:
    """3, 8, 36 and 3 bottlenecks (He et al., table 1), of which the first of each stage has a projection."""
    assert shown(rows_of("resnet152"))[2:11] == [
        ("stage1", 1, "stage(64, depth=3, stride=1)"),
        ("  path1 … add1", 1, "add(path(64, 1, 64, 1) | conv 1x1x256 s1 no…"),
        ("  path2 … add3", 2, "add(path(64, 1, 64, 1) | ) - relu"),
        ("stage2", 1, "stage(128, depth=8)"),
        ("  path1 … add1", 1, "add(path(128, 2, 128, 1) | conv 1x1x512 s2 …"),
        ("  path2 … add8", 7, "add(path(128, 1, 128, 1) | ) - relu"),
        ("stage3", 1, "stage(256, depth=36)"),
        ("  path1 … add1", 1, "add(path(256, 2, 256, 1) | conv 1x1x1024 s2…"),
        ("  path2 … add36", 35, "add(path(256, 1, 256, 1) | ) - relu"),
    ]


def test_blocks_that_hold_a_repeat_open_first() -> None:
    """DenseNet-201 has 6, 12, 48 and 32 dense layers; to open its transitions too would take more than 20 rows."""
    rows = rows_of("densenet201")
    assert [row.times for row in rows if row.times > 1] == [6, 12, 48, 32]
    assert [row.layer for row in rows if row.name.startswith("transition")] == ["transition"] * 3


def test_a_skip_from_a_label_leaves_what_it_skips_unfolded() -> None:
    """In a U-Net every merge reads a label from far above: what lies between stays row by row."""
    rows = shown(rows_of("unet"))
    assert [name for name, _, _ in rows][:4] == ["down1", "pool1", "down2", "pool2"]
    assert rows[-4:] == [
        ("double4", 1, "double(128)"),
        ("deconv4", 1, "deconv 2x2x64 s2 - concat"),  # shares a row, since there were more than 20
        ("double5", 1, "double(64)"),
        ("conv1", 1, "conv 1x1x2"),
    ]


def test_a_repeat_without_blocks_folds() -> None:
    assert shown(rows_of("conv3-8 - (conv 3x3x8 p1 - relu)*30 - fc 10", input="8x8x3")) == [
        ("conv1", 1, "conv3-8"),
        ("conv2 … conv31", 30, "conv 3x3x8 p1 - relu"),
        ("fc1", 1, "fc 10"),
    ]


def test_a_repeat_of_blocks_is_opened_where_there_is_room() -> None:
    text = "block unit\n conv 3x3x8 p1 - pool 3x3 s1 p1\nend\nunit*30 - fc 10"
    assert shown(rows_of(text, input="8x8x8")) == [
        ("unit1 … unit30", 30, "unit"),
        ("  conv1", 30, "conv 3x3x8 p1"),
        ("  pool1", 30, "pool 3x3 s1 p1"),
        ("fc1", 1, "fc 10"),
    ]


def test_a_repeat_inside_a_repeat_counts_all_turns_of_both() -> None:
    text = "block stage\n (conv 3x3x8 p1 - relu)*5 - pool 3x3 s1 p1\nend\nstage*4"
    rows = rows_of(text, input="8x8x8")
    assert [(row.name, row.times) for row in rows] == [("stage1 … stage4", 4), ("conv1 … conv5", 20), ("pool1", 4)]


def test_a_chain_without_blocks_and_repeats_does_not_fold() -> None:
    layers = [f"conv 3x3x{width} p1" for width in range(1, 41)]
    assert folded_rows(library.load(" - ".join(layers), input="8x8x3")) is None


def test_the_zoo_folds_into_at_most_20_rows() -> None:
    """All but three, whose skips lead past nearly every row."""
    sizes = {name: len(rows) for name in zoo.names() if (rows := folded_rows(library.load(name)))}
    assert {name: size for name, size in sizes.items() if size > 20} == {"fcn8s": 22, "segnet": 21, "unet_572": 22}
    assert len(sizes) >= 70


# ---- blocks and repeats as ranges


@pytest.mark.parametrize("seed", range(40))
def test_groups_lie_one_inside_the_other(seed: int) -> None:
    """A page goes through them with a stack: what begins inside a group ends inside it."""
    open_: list[LayerGroup] = []
    network = library.load(Tangle(Random(seed)).spec())
    for group in groups_of(network):
        while open_ and open_[-1].last < group.first:
            open_.pop()
        assert not open_ or group.last <= open_[-1].last
        open_.append(group)


def test_of_few_layers_the_blocks_are_open() -> None:
    network = library.load("block unit\n conv 3x3x4 p1 - relu\nend\nunit*3", input="4x4x4")
    assert groups_of(network) == [LayerGroup(2 * at - 1, 2 * at, f"unit{at}", "unit", 1, True) for at in (1, 2, 3)]


# ---- sums


@pytest.mark.parametrize("name", zoo.names())
def test_every_layer_of_the_zoo_is_in_one_row(name: str) -> None:
    assert_whole(library.load(name))


@pytest.mark.parametrize("seed", range(60))
def test_every_layer_of_a_random_network_is_in_one_row(seed: int) -> None:
    assert_whole(library.load(Tangle(Random(seed)).spec()))


def test_a_repeat_has_the_numbers_of_all_its_turns(cnncalc: Cnncalc) -> None:
    """35 bottlenecks of ResNet-152: 1x1 from 1024 to 256, 3x3, 1x1 back, each with a bn."""
    lines = cnncalc("shapes", "resnet152", "--fold", "--format", "csv").out.splitlines()
    found = next(line for line in lines if line.startswith("  path2 … add36"))
    bottleneck = 1024 * 256 + 2 * 256 + 9 * 256 * 256 + 2 * 256 + 256 * 1024 + 2 * 1024
    macs = 14 * 14 * (1024 * 256 + 9 * 256 * 256 + 256 * 1024)
    assert found.split(",")[-5:] == [
        "14x14x1024",
        str(35 * bottleneck),
        *found.split(",")[-3:-2],
        str(35 * macs),
        "1291x1291 /16",
    ]


@pytest.mark.parametrize("name", ["resnet152", "vgg16", "densenet201", "googlenet", "mobilenet_v2", "unet"])
def test_the_rows_add_up_to_the_totals(cnncalc: Cnncalc, name: str) -> None:
    """CSV has the numbers without their totals, which the table of all layers has."""

    def sums(*options: str) -> list[int]:
        import csv

        rows = csv.DictReader(cnncalc("shapes", name, "--saved", *options, "--format", "csv").out.splitlines())
        kinds = ("params", "macs", "activation_bytes", "saved_bytes")
        read = list(rows)
        return [sum(int(row[kind] or 0) for row in read) for kind in kinds]

    assert sums("--fold") == sums("--all")


# ---- where it is done

VGG = "vgg16"


def in_a_terminal(*arguments: str) -> str:
    """Run ``cnncalc`` with a terminal as its standard output, and return what it shows there."""
    ours, theirs = pty.openpty()
    surroundings = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "LINES": "50"}
    process = subprocess.Popen([sys.executable, "-m", "cnncalc", *arguments], stdout=theirs, env=surroundings)
    os.close(theirs)
    pieces = []
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(pieces).decode().replace("\r\n", "\n")


def test_a_terminal_gets_folded_tables_and_a_pipe_whole_ones(cnncalc: Cnncalc) -> None:
    """What is piped goes on to a program, or into a pager, and is whole."""
    said = "39 layers are folded into rows (×N: N that are alike, counted together); --all shows every layer\n"
    assert in_a_terminal("shapes", VGG).endswith(said)
    assert "are folded" not in in_a_terminal("shapes", VGG, "--all")
    assert cnncalc("shapes", VGG).out == cnncalc("shapes", VGG, "--all").out
    assert cnncalc("shapes", VGG, "--fold").out.endswith(said)


def test_few_layers_are_shown_one_by_one(cnncalc: Cnncalc) -> None:
    assert cnncalc("shapes", "lenet5", "--fold").out == cnncalc("shapes", "lenet5").out


def test_the_folded_table_of_parameters(cnncalc: Cnncalc) -> None:
    """As the table of every layer, it leaves out what has none."""
    assert cnncalc("params", VGG, "--fold", "--no-bias").out == (
        "name              ×N   layer                           parameters   share\n"
        "──────────────────────────────────────────────────────────────────────────────────────────────\n"
        "stage1                 stage(64, depth=2)\n"
        "  conv1 … conv2   ×2   conv3-64 - relu                     38,592   <0.1%   ▏\n"
        "stage2                 stage(128, depth=2)\n"
        "  conv1 … conv2   ×2   conv3-128 - relu                   221,184    0.2%   ▏\n"
        "stage3                 stage(256, depth=3)\n"
        "  conv1 … conv3   ×3   conv3-256 - relu                 1,474,560    1.1%   ▎\n"
        "stage4                 stage(512, depth=3)\n"
        "  conv1 … conv3   ×3   conv3-512 - relu                 5,898,240    4.3%   ▉\n"
        "stage5                 stage(512, depth=3)\n"
        "  conv1 … conv3   ×3   conv3-512 - relu                 7,077,888    5.1%   █\n"
        "fc1 … fc2         ×2   fc 4096 - relu - dropout 0.5   119,537,664   86.4%   █████████████████▎\n"
        "fc3                    fc 1000                          4,096,000    3.0%   ▋\n"
        "\n"
        "total                                                 138,344,128\n"
        "\n"
        "weights  138,344,128 · 4 bytes (float32) = 528 MiB\n"
        "23 layers have none\n"
        "biases are not counted\n"
        "39 layers are folded into rows (×N: N that are alike, counted together); --all shows every layer\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fold", "--explain"], "--fold and --explain exclude each other"),
        (["--fold", "--depth", "1"], "--fold and --depth exclude each other"),
        (["--fold", "--format", "json"], "--fold is not for JSON, which has every layer"),
    ],
)
def test_what_has_nothing_to_fold(cnncalc: Cnncalc, options: list[str], message: str) -> None:
    done = cnncalc("shapes", VGG, *options)
    assert done.status == 2
    assert message in done.err


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "resnet152", "densenet201", "segnet", "mobilenet_v2"])
def test_a_folded_table_fits_into_40_columns(name: str) -> None:
    """Shares go, and long names are cut."""
    counts = library.count(library.load(name))
    rows = folded_rows(counts.network)
    assert rows is not None
    table, left_out = folded_shapes(counts, rows).fitted(40)
    assert table.needed() <= 40
    assert "MACs, share" not in table.titles()
    assert left_out

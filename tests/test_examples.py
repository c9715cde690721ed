"""Every example is what its comments say it is."""

import re
import runpy
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

import cnncalc
from cnncalc.commands.cli import run

EXAMPLES = Path(__file__).parent.parent / "examples"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
WRONG_ON_PURPOSE = "too-big-stride.txt"


class Expected(NamedTuple):
    """What comes out of a network, its parameters with biases, and its multiplications for one image."""

    output: tuple[int, ...]
    params: int
    macs: int


def conv(kernel: int, inputs: int, filters: int) -> int:
    """Parameters of a square convolution with biases."""
    return kernel * kernel * inputs * filters + filters


def unet_params() -> int:
    """Two 3x3 convolutions per level on the way down and up, four 2x2 up-convolutions, a last 1x1 one."""
    widths = [64, 128, 256, 512, 1024]
    down = sum(conv(3, a, b) + conv(3, b, b) for a, b in zip([1, *widths], widths, strict=False))
    up = sum(conv(2, 2 * w, w) + conv(3, 2 * w, w) + conv(3, w, w) for w in widths[:-1])
    return down + up + conv(1, 64, 2)


def unet_macs() -> int:
    """Multiplications by the sizes that the paper's figure 1 prints."""
    down = [(570, 568, 1, 64), (282, 280, 64, 128), (138, 136, 128, 256), (66, 64, 256, 512), (30, 28, 512, 1024)]
    up = [(28, 54, 52, 512), (52, 102, 100, 256), (100, 198, 196, 128), (196, 390, 388, 64)]
    total = sum(9 * (a * a * inputs * width + b * b * width * width) for a, b, inputs, width in down)
    for low, a, b, width in up:
        total += low * low * 2 * width * 4 * width  # each value times 2x2 weights for every filter
        total += 9 * (a * a * 2 * width * width + b * b * width * width)
    return total + 388 * 388 * 64 * 2


VGG16_MACS = (
    224 * 224 * 9 * (3 * 64 + 64 * 64)
    + 112 * 112 * 9 * (64 * 128 + 128 * 128)
    + 56 * 56 * 9 * (128 * 256 + 2 * 256 * 256)
    + 28 * 28 * 9 * (256 * 512 + 2 * 512 * 512)
    + 14 * 14 * 9 * (3 * 512 * 512)
    + (7 * 7 * 512 * 4096 + 4096 * 4096 + 4096 * 1000)
)

C3D_PARAMS = (
    27 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 3 * 512 * 512)
    + (64 + 128 + 2 * 256 + 4 * 512)
    + (1 * 4 * 4 * 512 * 4096 + 4096)
    + (4096 * 4096 + 4096)
    + (4096 * 487 + 487)
)

C3D_MACS = (
    16 * 112 * 112 * 27 * 3 * 64
    + 16 * 56 * 56 * 27 * 64 * 128
    + 8 * 28 * 28 * 27 * (128 * 256 + 256 * 256)
    + 4 * 14 * 14 * 27 * (256 * 512 + 512 * 512)
    + 2 * 7 * 7 * 27 * 2 * 512 * 512
    + (1 * 4 * 4 * 512 * 4096 + 4096 * 4096 + 4096 * 487)
)

NETWORKS = {
    # Simonyan and Zisserman, configuration D; torchvision's vgg16 has the same number of parameters
    "vgg16.txt": Expected((1, 1, 1000), 138_357_544, VGG16_MACS),
    "vgg16-table.txt": Expected((1, 1, 1000), 138_357_544, VGG16_MACS),
    "lenet5.txt": Expected(
        (1, 1, 10),
        (5 * 5 * 1 + 1) * 6 + (5 * 5 * 6 + 1) * 16 + (5 * 5 * 16 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10,
        28 * 28 * 6 * 25 + 10 * 10 * 16 * 25 * 6 + 400 * 120 + 120 * 84 + 84 * 10,
    ),
    # the examples of training: a batch norm has two parameters a channel
    "digits.txt": Expected(
        (1, 1, 10),
        9 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64) + 2 * (2 * 32 + 2 * 64) + 64 * 10 + 10,
        8 * 8 * 9 * (1 * 32 + 32 * 32) + 4 * 4 * 9 * (32 * 64 + 64 * 64) + 64 * 10,
    ),
    "mnist.txt": Expected(
        (1, 1, 10),
        25 * (1 * 16 + 16 * 32) + 2 * (16 + 32) + (5 * 5 * 32 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10,
        28 * 28 * 25 * 1 * 16 + 10 * 10 * 25 * 16 * 32 + 5 * 5 * 32 * 120 + 120 * 84 + 84 * 10,
    ),
    "cifar10.txt": Expected(
        (1, 1, 10),
        (2 * 2 * 3 + 1) * 24
        + 9 * (24 * 24 + 24 * 24 + 24 * 48 + 48 * 48 + 48 * 96 + 96 * 96)
        + 2 * 2 * (24 + 48 + 96)
        + (96 + 1) * 10,
        31 * 31 * 4 * 3 * 24
        + 9 * (31 * 31 * 24 * 24 + 15 * 15 * (24 * 24 + 24 * 48) + 7 * 7 * (48 * 48 + 48 * 96) + 3 * 3 * 96 * 96)
        + 96 * 10,
    ),
    "small-images.txt": Expected(
        (1, 1, 10),
        (2 * 2 * 3 + 1) * 24
        + 9 * (24 * 64 + 64 * 64 + 64 * 256 + 256 * 256 + 256 * 256 + 256 * 256)
        + 2 * 2 * (64 + 256 + 256)
        + (256 + 1) * 10,
        31 * 31 * 4 * 3 * 24
        + 9 * (31 * 31 * 24 * 64 + 15 * 15 * (64 * 64 + 64 * 256) + 7 * 7 * 2 * 256 * 256 + 3 * 3 * 256 * 256)
        + 256 * 10,
    ),
    # the numbers that the demo's page prints
    "convnetjs-cifar10.txt": Expected(
        (1, 1, 10), 1216 + 8020 + 10020 + 3210, 25 * (32 * 32 * 16 * 3 + 16 * 16 * 20 * 16 + 8 * 8 * 20 * 20) + 3200
    ),
    # torchvision's table of pretrained weights: 25,557,032 parameters, 4.089 GFLOPS (multiply-adds)
    "resnet50.txt": Expected((1, 1, 1000), 25_557_032, 4_089_184_256),
    # Ronneberger, Fischer, Brox: 572x572 in, 388x388 out
    "unet.txt": Expected((388, 388, 2), unet_params(), unet_macs()),
    # ResNet-20 with projections (option B), as pytorch-cifar-models counts it: 272,474 parameters, 40.81 million MACs
    "three-stages.txt": Expected((1, 1, 10), 272_474, 40_813_184),
    # Koch, Zemel, Salakhutdinov, figure 4: one trunk for two images
    "siamese.txt": Expected(
        (1, 1, 1),
        (10 * 10 * 1 + 1) * 64
        + (7 * 7 * 64 + 1) * 128
        + (4 * 4 * 128 + 1) * (128 + 256)
        + (6 * 6 * 256 + 1) * 4096
        + (4096 + 1),
        2 * (96 * 96 * 64 * 10 * 10 + 42 * 42 * 128 * 7 * 7 * 64 + (18 * 18 * 128 + 6 * 6 * 256) * 4 * 4 * 128)
        + 2 * 6 * 6 * 256 * 4096
        + 4096,
    ),
    # Dai et al., M5, as PyTorch's tutorial on speech commands counts it
    "signal-1d.txt": Expected(
        (1, 35), 26_915, 496 * 32 * 80 + 122 * 32 * 3 * 32 + 28 * 64 * 3 * 32 + 5 * 64 * 3 * 64 + 64 * 35
    ),
    "clip-3d.txt": Expected((1, 1, 1, 487), C3D_PARAMS, C3D_MACS),
    "residual.txt": Expected(
        (28, 28, 128),
        2 * (9 * 64 * 64 + 2 * 64) + (9 * 64 * 128 + 9 * 128 * 128 + 64 * 128 + 3 * 2 * 128),
        56 * 56 * 2 * 9 * 64 * 64 + 28 * 28 * (9 * 64 * 128 + 9 * 128 * 128 + 64 * 128),
    ),
    "squeeze-excite.txt": Expected(
        (56, 56, 64),
        2 * (9 * 64 * 64 + 2 * 64) + (64 * 4 + 4) + (4 * 64 + 64),
        56 * 56 * 2 * 9 * 64 * 64 + 2 * 64 * 4,
    ),
    "inception-naive.txt": Expected(
        (28, 28, 64 + 128 + 32 + 192),
        conv(1, 192, 64) + conv(3, 192, 128) + conv(5, 192, 32),
        28 * 28 * 192 * (64 + 9 * 128 + 25 * 32),
    ),
    # Szegedy et al., table 1, module 3a: 64 + 128 + 32 + 32 channels
    "inception.txt": Expected(
        (28, 28, 256),
        conv(1, 192, 64 + 96 + 16 + 32) + conv(3, 96, 128) + conv(5, 16, 32),
        28 * 28 * (192 * (64 + 96 + 16 + 32) + 9 * 96 * 128 + 25 * 16 * 32),
    ),
}

EXERCISES = {
    "stride-1": Expected((5, 5, 1), 3 * 3 + 1, 5 * 5 * 3 * 3),
    "stride-2": Expected((3, 3, 1), 3 * 3 + 1, 3 * 3 * 3 * 3),
    "floor": Expected((2, 2, 1), 3 * 3 + 1, 2 * 2 * 3 * 3),
    "pad-1": Expected((7, 7, 1), 3 * 3 + 1, 7 * 7 * 3 * 3),
    "shrinking": Expected((24, 24, 10), conv(5, 3, 6) + conv(5, 6, 10), 25 * (28 * 28 * 3 * 6 + 24 * 24 * 6 * 10)),
    "ten-filters": Expected((32, 32, 10), (5 * 5 * 3 + 1) * 10, 32 * 32 * 10 * 5 * 5 * 3),
    "six-filters": Expected((28, 28, 6), (5 * 5 * 3 + 1) * 6, 28 * 28 * 6 * 5 * 5 * 3),
    "one-by-one": Expected((56, 56, 32), (64 + 1) * 32, 56 * 56 * 32 * 64),
    "keeping-the-size": Expected(
        (32, 32, 8),
        conv(3, 3, 8) + conv(5, 8, 8) + 2 * conv(7, 8, 8),
        32 * 32 * 8 * (9 * 3 + 25 * 8 + 2 * 49 * 8),
    ),
    "whatever-fits": Expected((16, 16, 8), conv(5, 3, 8), 16 * 16 * 8 * 25 * 3),
    "multiplications-1": Expected((2, 2, 1), 9, 36),
    "multiplications-2": Expected((4, 4, 1), 27, 432),
    "multiplications-3": Expected((4, 4, 2), 2 * 27, 864),
    "inception-5x5": Expected((28, 28, 32), conv(5, 192, 32), 120_422_400),
    "inception-5x5-reduced": Expected(
        (28, 28, 32), conv(1, 192, 16) + conv(5, 16, 32), 28 * 28 * 16 * 192 + 28 * 28 * 32 * 5 * 5 * 16
    ),
    "three-3x3": Expected((32, 32, 64), 27 * 64**2, 32 * 32 * 27 * 64**2),
    "one-7x7": Expected((32, 32, 64), 49 * 64**2, 32 * 32 * 49 * 64**2),
    "max-pool": Expected((3, 3, 3), 0, 0),
    "large-image": Expected((1, 1, 3_145_728), 0, 0),
    "stretch": Expected((1, 1, 10), (3072 + 1) * 10, 3072 * 10),
    "valid-and-same": Expected((4, 4, 4), conv(3, 3, 4) + conv(3, 4, 4), 9 * 4 * (6 * 6 * 3 + 4 * 4 * 4)),
    "photo": Expected((37, 29, 8), conv(3, 3, 8), 37 * 29 * 8 * 9 * 3),
    "common-settings": Expected(
        (16, 16, 32), conv(3, 3, 32) + conv(5, 32, 32) + conv(1, 32, 32), 65 * 65 * 32 * (9 * 3 + 25 * 32 + 32)
    ),
    "matrix-product": Expected((55, 55, 96), conv(11, 3, 96), 96 * 363 * 3025),
    "groups": Expected((28, 28, 128), 9 * 128 * (64 + 4 + 1) + 3 * 128, 28 * 28 * 9 * 128 * (64 + 4 + 1)),
}

EXPECTED = NETWORKS | {f"exercises/{name}.txt": expected for name, expected in EXERCISES.items()}


def files(ending: str) -> set[str]:
    return {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob(f"*{ending}")}


@pytest.mark.parametrize("name", EXPECTED)
def test_totals(name: str) -> None:
    """An example has the output, the parameters and the MACs of the literature."""
    net = cnncalc.load(EXAMPLES / name)

    assert Expected(tuple(net.output), net.params, net.macs) == EXPECTED[name]


def test_every_example_has_expected_totals() -> None:
    """No example goes unchecked."""
    assert files(".txt") == {*EXPECTED, WRONG_ON_PURPOSE}


def test_the_wrong_example_is_wrong() -> None:
    """The example that does not fit says so, on its line."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(EXAMPLES / WRONG_ON_PURPOSE)

    error = caught.value
    assert (error.code, error.line, error.detail) == ("does-not-fit", 4, "(7 − 3 + 2·0)/3 + 1 = 2 1/3")


def test_the_lecture_s_wrong_sum_is_a_note() -> None:
    """The pasted table is right in all rows but its total memory, and that is a note rather than an error."""
    net = cnncalc.load(EXAMPLES / "vgg16-table.txt")

    assert [(note.code, net.source.line(note.span.start)) for note in net.notes] == [("wrong-total", 29)]


def test_a_claim_in_the_pasted_table_can_fail() -> None:
    """A wrong digit in a row of the table is found."""
    text = (EXAMPLES / "vgg16-table.txt").read_text(encoding="utf-8").replace("= 36,864", "= 36,865")

    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)

    assert (caught.value.code, caught.value.line) == ("claim-failed", 8)


def test_inception_branch_is_a_tenth() -> None:
    """With a 1x1 convolution in front, the 5x5 branch takes 12.4 instead of 120.4 million multiplications."""
    naive = {node.name: node.macs for node in cnncalc.load(EXAMPLES / "inception-naive.txt")}
    reduced = {node.name: node.macs for node in cnncalc.load(EXAMPLES / "inception.txt")}

    assert naive["branch5"] == 28 * 28 * 32 * 5 * 5 * 192 == 120_422_400
    assert reduced["reduce5"] + reduced["branch5"] == 2_408_448 + 10_035_200 == 12_443_648


@pytest.mark.parametrize("name", ["three-3x3", "one-7x7"])
def test_three_3x3_see_as_much_as_one_7x7(name: str) -> None:
    """Three stacked 3x3 layers have the receptive field of one 7x7 layer."""
    counts = cnncalc.count(cnncalc.load(EXAMPLES / "exercises" / f"{name}.txt"))

    assert [field.size for field in counts.rows[-1].field if field] == [7, 7]


def test_resnet50_takes_other_inputs_and_classes() -> None:
    """ResNet-50 without its 1,000 classes: 2,048 weights and a bias fewer for each class less."""
    net = cnncalc.load(EXAMPLES / "resnet50.txt", input="320x320x3", params={"classes": 10})

    assert net.params == 25_557_032 - (2048 + 1) * 990


def test_library_script(capsys: pytest.CaptureFixture[str]) -> None:
    """The script that uses the library runs, and prints these numbers."""
    runpy.run_path(str(EXAMPLES / "library.py"), run_name="__main__")

    fully_connected = 25089 * 4096 + 4097 * 4096 + 4097 * 1000
    assert capsys.readouterr().out.splitlines() == [
        f"224x224x3 → 1x1x1000, 138,357,544 parameters, {VGG16_MACS:,} MACs",
        f"{fully_connected / 138_357_544:.1%} of the parameters are in fully connected layers",
        f"largest output for 32 images: conv1, {32 * 224 * 224 * 64 * 4:,} bytes",
        f"ResNet-50 for 64x64 images and 10 classes: {25_557_032 - 2049 * 990:,} parameters",
        "line 4, does-not-fit: (7 − 3 + 2·0)/3 + 1 = 2 1/3",
    ]


def listed() -> dict[str, str]:
    """Return the command that the README gives for every file that it lists."""
    return dict(re.findall(r"^\| `([^`]+)` \| .* \| `([^`]+)` \|$", README, re.MULTILINE))


def test_every_example_is_listed() -> None:
    """The README lists every example, and nothing that is not there."""
    assert set(listed()) == files(".txt") | files(".py") | files(".sh")


@pytest.mark.parametrize(("name", "command"), listed().items())
def test_listed_commands_name_the_example(name: str, command: str) -> None:
    """The command to try is about the example it is listed for, and all its files exist."""
    paths = [word for word in shlex.split(command) if word.startswith("examples/")]

    assert f"examples/{name}" in paths
    assert all((EXAMPLES.parent / path).is_file() for path in paths)


COMMANDS = {name: command for name, command in listed().items() if command.startswith("cnncalc ")}


@pytest.mark.parametrize(("name", "command"), COMMANDS.items())
def test_listed_commands_run(
    name: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command to try prints something and succeeds; that of the wrong example fails with its error."""
    monkeypatch.chdir(EXAMPLES.parent)
    status = run(shlex.split(command)[1:])
    printed = capsys.readouterr()

    assert status == (1 if name == WRONG_ON_PURPOSE else 0)
    assert printed.err.startswith("error[does-not-fit]") if status else printed.out

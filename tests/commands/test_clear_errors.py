"""Calls that people get wrong: what is said, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc

SEE = "\n  = see `cnncalc {} --help`\n"
VGG = "layers and blocks are stage1, stage2, stage3, stage4, stage5, adaptiveavgpool1, fc1, relu1, …"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            ["shapes", "resnet55"],
            "error[no-such-file]: there is no file and no network of the zoo called `resnet55`\n"
            "  = did you mean `resnet56` of the zoo?\n"
            "  = `cnncalc zoo` lists the networks that ship\n"
            '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n',
        ),
        (
            ["shapes", "resnet55", "--input", "64x64x3"],
            "error[no-such-file]: there is no file and no network of the zoo called `resnet55`\n"
            "  = did you mean `resnet56` of the zoo?\n"
            "  = `cnncalc zoo` lists the networks that ship\n"
            '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n',
        ),
        (
            ["params", "my_ned"],
            "error[no-such-file]: there is no file and no network of the zoo called `my_ned`\n"
            "  = did you mean the file `my_net.txt`?\n"
            "  = `cnncalc zoo` lists the networks that ship\n"
            '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n',
        ),
        (
            ["shapes", "없는망"],
            "error[no-such-file]: there is no file and no network of the zoo called `없는망`\n"
            "  = `cnncalc zoo` lists the networks that ship\n"
            '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n',
        ),
        (
            ["shapes", "relu"],
            "error[no-input]: the spec has no input volume\n"
            "  --> text:1:1\n"
            "   |\n"
            " 1 | relu\n"
            "   | ^^^^\n"
            "   |\n"
            "   = put `input 224x224x3` in front\n"
            "   = or pass --input 224x224x3\n",
        ),
        (
            ["params", "a: conv 3x3x4 p1 - add(a | )", "--input", "8x8x4"],
            "error[unknown-layer]: there is no layer `a`\n"
            "  --> text:1:24\n"
            "   |\n"
            " 1 | a: conv 3x3x4 p1 - add(a | )\n"
            "   |                        ^\n"
            "   |\n"
            "   = `a` is a label: `@a` takes its volume\n",
        ),
        (
            ["shapes"],
            "error[usage]: Missing argument 'SPEC'.\n"
            '  = SPEC is a file, a network such as vgg16, or the text in quotes: "conv 3x3x16 p1 - relu"'
            + SEE.format("shapes"),
        ),
        (
            ["compare", "-", "-"],
            "error[usage]: standard input can be read once only: give - for one SPEC" + SEE.format("compare"),
        ),
        (
            ["report", "-", "lenet5", "-"],
            "error[usage]: standard input can be read once only: give - for one SPEC" + SEE.format("report"),
        ),
        (
            ["draw", "lenet5", "-o", ""],
            "error[usage]: -o needs the name of a file, and was given an empty one" + SEE.format("draw"),
        ),
        (
            ["shapes", "lenet5", "-o", ""],
            "error[usage]: -o needs the name of a file, and was given an empty one" + SEE.format("shapes"),
        ),
        (
            ["memory", "lenet5", "--batch", "1e3"],
            "error[usage]: Invalid value for '--batch': '1e3' is not a whole number: write 1000."
            + SEE.format("memory"),
        ),
        (
            ["memory", "lenet5", "--batch", "many"],
            "error[usage]: Invalid value for '--batch': 'many' is not a whole number." + SEE.format("memory"),
        ),
        (
            ["memory", "lenet5", "--batch", "0"],
            "error[usage]: Invalid value for '--batch': 0 is not in range: at least 1 and at most 1,000,000,000."
            + SEE.format("memory"),
        ),
        (
            ["draw", "vgg16", "--style", "field", "--layer", "pool1"],
            "error[unknown-name]: there is no layer `pool1`\n"
            "  = did you mean `stage1.pool1`, `stage2.pool1`, `stage3.pool1`, `stage4.pool1`, `stage5.pool1`?\n"
            f"  = {VGG}\n",
        ),
        (
            ["draw", "vgg16", "--style", "field", "--layer", "zzz"],
            f"error[unknown-name]: there is no layer `zzz`\n  = {VGG}\n",
        ),
    ],
)
def test_a_call_that_is_wrong(cnncalc: Cnncalc, folder: Path, call: list[str], said: str) -> None:
    (folder / "my_net.txt").write_text("input 8x8x3\nfc 2\n")
    done = cnncalc(*call)
    assert (done.out, done.err) == ("", said)
    assert [path.name for path in folder.iterdir()] == ["my_net.txt"]


def test_a_window_in_three_dimensions_names_its_sides(cnncalc: Cnncalc, folder: Path) -> None:
    for spec, said in [
        ("conv 3x3x3x4 s2", ["depth, height and width: (9 − 3 + 2·0)/2 + 1 = 4"]),
        (
            "conv 1x3x3x4",
            ["depth: (9 − 1 + 2·0)/1 + 1 = 9", "height: (9 − 3 + 2·0)/1 + 1 = 7", "width: (9 − 3 + 2·0)/1 + 1 = 7"],
        ),
    ]:
        assert cnncalc("draw", spec, "--input", "9x9x9x1", "--style", "window", "-o", "window.svg").status == 0
        drawn = (folder / "window.svg").read_text()
        assert [text in drawn for text in [*said, "the grid shows height and width"]] == [True] * (len(said) + 1)


def test_passes_that_do_not_divide_a_batch(cnncalc: Cnncalc) -> None:
    """8 images in 3 passes: 3, 3 and 2."""
    said = cnncalc("memory", "lenet5", "--batch", "8", "--accumulate", "3").out
    assert "a training step of 8 images in 3 passes of at most 3, float32" in said


def test_a_file_without_its_ending_is_named_in_any_script(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "망.txt").write_text("input 8x8x3\nfc 2\n")
    assert cnncalc("shapes", "망").err == (
        "error[no-such-file]: there is no file and no network of the zoo called `망`\n"
        "  = did you mean the file `망.txt`?\n"
        "  = `cnncalc zoo` lists the networks that ship\n"
        '  = a spec can stand in quotes: "conv 3x3x16 - relu"\n'
    )

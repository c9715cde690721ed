"""What can be wrong with several inputs: each one clear error, whose whole text is compared."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from cnncalc.commands.cli import run
from cnncalc.report.diagnostics import draw_error
from tests.network.test_inputs import NAMED, TWO


def drawn(text: str, **sizes: str) -> str:
    """Return the error of a spec as it is shown."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text, input=sizes or None)
    return draw_error(caught.value)


def test_what_is_wrong_with_inputs_is_said() -> None:
    assert drawn("input left 8x8x3\ninput left 8x8x3\n@left - relu") == (
        "error[bad-name]: the name `left` is used twice\n"
        "  --> text:2:7\n   |\n 2 | input left 8x8x3\n   |       ^^^^\n   |\n"
        "   = the first one stands on line 1; choose another name"
    )
    assert drawn(NAMED + "add( @left | @left - relu )") == (
        "error[unread-input]: nothing reads the input `right`\n"
        "  --> text:2:1\n   |\n 2 | input right 8x8x3\n   | ^^^^^^^^^^^^^^^^^\n   |\n"
        "   = take it where it is needed: `@right`\n   = or leave it out"
    )
    assert drawn(NAMED + "conv 3x3x8") == (
        "error[which-input]: the network has several inputs, and nothing says which one is read here\n"
        "  --> text:3:1\n   |\n 3 | conv 3x3x8\n   | ^^^^^^^^^^\n   |\n   = put `@left` or `@right` in front"
    )
    assert drawn(NAMED + "add( @left | )") == (
        "error[which-input]: the network has several inputs, and nothing says which one is read here\n"
        "  --> text:3:1\n   |\n 3 | add( @left | )\n   | ^^^^^^^^^^^^^^\n   |\n   = put `@left` or `@right` in front"
    )
    assert drawn("input left\ninput right 8x8x3\nadd( @left | @right )") == (
        "error[syntax]: expected a volume such as `input left 64x64x3`, found the end of the line\n"
        "  --> text:1:11\n   |\n 1 | input left\n   |           ^"
    )
    assert drawn("input 8x8x3\ninput right 8x8x3\nrelu") == (
        "error[misplaced]: there is a second `input`\n"
        "  --> text:2:1\n   |\n 2 | input right 8x8x3\n   | ^^^^^^^^^^^^^^^^^\n   |\n"
        "   = leave one of them out, or give each a name: `input left 64x64x3`"
    )
    assert drawn(NAMED + "input 8x8x3\n@left") == (
        "error[bad-name]: there are several inputs, and this one has no name\n"
        "  --> text:3:1\n   |\n 3 | input 8x8x3\n   | ^^^^^^^^^^^\n   |\n   = give it one: `input right 64x64x3`"
    )


def test_blocks_do_not_see_inputs() -> None:
    assert drawn(NAMED + "block b\n  add( @left | @right )\nend\n@left - b") == (
        "error[unknown-name]: there is no label `left` inside this block\n"
        "  --> text:4:8\n   |\n 4 |   add( @left | @right )\n   |        ^^^^^\n   |\n"
        "   = blocks see no labels from outside: write `@left` in front of the call\n"
        "   = in b, called at text:6"
    )


def test_sizes_from_outside_that_fit_no_input_are_refused() -> None:
    assert drawn(TWO, rgc="8x8x3") == (
        "error[unknown-name]: the spec has no input `rgc`\n  = did you mean `rgb`?\n  = its inputs are rgb and flow"
    )
    assert drawn("input 8x8x3\nrelu", rgb="8x8x3") == (
        "error[unknown-name]: the spec has no input `rgb`\n  = its input has no name: give the volume alone"
    )
    assert drawn("input image 8x8x3\nrelu", rgb="8x8x3") == (
        "error[unknown-name]: the spec has no input `rgb`\n  = its input is image"
    )
    assert drawn("a: relu\nadd( @a | @b )", a="8x8x3", b="8x8x3") == (
        "error[bad-name]: the spec has a label `a`, so that no input can be called so\n  = choose another name"
    )
    assert drawn("add( @left | @right )", left="8x8x3") == (
        "error[unknown-name]: there is no label `right` here\n"
        "  --> text:1:14\n   |\n 1 | add( @left | @right )\n   |              ^^^^^^\n   |\n"
        "   = labels before this place: left\n"
        "   = if it is an input, give its volume, too: right=64x64x3"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            ["64x64x3"],
            "error[bad-name]: the network has several inputs, rgb and flow: say which one this is for\n"
            "  --> --input:1:1\n   |\n 1 | 64x64x3\n   | ^^^^^^^\n   |\n   = put its name in front: rgb=64x64x3\n",
        ),
        (
            ["rgb=8x8x3", "RGB=8x8x3"],
            "error[usage]: Invalid value for '--input': the input 'RGB' is given twice\n"
            "  = see `cnncalc shapes --help`\n",
        ),
        (
            ["rgb=8x8x3", "8x8x3"],
            "error[usage]: Invalid value for '--input': write each of several inputs as name=HxWxC, not '8x8x3'\n"
            "  = see `cnncalc shapes --help`\n",
        ),
        (
            ["8x8x3", "8x8x2"],
            "error[usage]: Invalid value for '--input': it is given twice; for several inputs write each as "
            "name=HxWxC\n  = see `cnncalc shapes --help`\n",
        ),
        (
            ["flow=eight"],
            "error[bad-volume]: `eight` is not a volume\n"
            "  --> --input flow:1:1\n   |\n 1 | eight\n   | ^^^^^\n   |\n"
            "   = write height x width x channels, such as 224x224x3\n",
        ),
    ],
)
def test_the_option_says_what_is_wrong_with_it(given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [word for volume in given for word in ("--input", volume)]
    assert run(["shapes", TWO, *options]) in (1, 2)
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"rgb": 5.5}, "the input, a float, is not a volume"),
        ({1: "8x8x3"}, "the names of the inputs are not all texts"),
        ({"": "8x8x3"}, "the names of the inputs are not all texts"),
    ],
)
def test_a_mapping_of_wrong_types_is_refused(sizes: dict[str, str], message: str) -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(TWO, input=sizes)
    assert caught.value.message == message


@pytest.mark.parametrize("command", [["train"], ["inspect", "--weights", "weights.pt"]])
def test_what_gives_one_image_at_a_time_refuses_several_inputs(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, before anything starts."""
    monkeypatch.chdir(tmp_path)
    Path("weights.pt").touch()
    word, *options = command
    does = {"train": "training", "inspect": "inspecting"}[word]
    assert run([word, TWO, *options]) == 1
    assert capsys.readouterr().err == (
        f"error[several-inputs]: the network has 2 inputs (rgb, flow), and {does} gives it one image at a time\n"
        "  = in PyTorch it takes them all: `cnncalc export SPEC -o net.py` writes its module\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pt"]


def test_a_network_of_several_inputs_is_not_adapted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text(TWO)
    assert run(["new", "--like", str(tmp_path / "two.txt"), "--input", "8x8x3"]) == 1
    assert capsys.readouterr().err == (
        "error[several-inputs]: the network has 2 inputs (rgb, flow), and one is adapted\n"
        "  = change the sizes of its inputs in the text, or with --input\n"
    )


def test_sizes_that_fit_are_found_for_inputs_that_are_written_alike() -> None:
    """For the one input that leads to the layer, with those of the same size; each is tried as a whole."""
    pair = "input left {0}\ninput right {0}\nsub( @left - conv 3x3x8 s2 | @right - conv 3x3x8 s2 ) - gap\n"
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(pair.format("64x64x3"))
    assert caught.value.hints[0] == (
        "fits with: stride 1 → 62x62, padding 0:1 → 32x32, kernel 4x4 → 31x31, input left and right 63x63 or 65x65"
    )
    for side in (63, 65):
        cnncalc.load(pair.format(f"{side}x{side}x3"))
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(TWO.replace(" same", ""))
    assert caught.value.hints[0].endswith("kernel 4x4 → 15x15, input rgb 33x33")
    cnncalc.load(TWO.replace(" same", ""), input={"rgb": "33x33x3"})


def test_channels_in_front_are_noticed_in_several_inputs() -> None:
    """In an error, and in a note where the network takes them all the same."""
    pair = "input left 3x64x64\ninput right 3x64x64\nsub( @left - conv {0} - gap | @right - conv {0} - gap )\n"
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(pair.format("5x5x8"))
    assert caught.value.hints[0] == "the channels come last: write 64x64x3"
    [note] = cnncalc.load(pair.format("3x3x8")).notes
    assert (note.code, note.span) == ("channels-first", (11, 18))
    assert note.message == "the input `left` is 3 high, 64 wide, with 64 channels; did you mean 64x64x3?"


def test_the_number_of_inputs_has_a_limit() -> None:
    def text(count: int) -> str:
        names = [f"in{number}" for number in range(count)]
        return (
            "".join([f"input {name} 4x4x1\n" for name in names]) + f"concat( {' | '.join(map('@{}'.format, names))} )"
        )

    assert cnncalc.load(text(32)).output == (4, 4, 32)
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text(33))
    assert (caught.value.code, str(caught.value)) == ("too-long", "text:33:1: a network has at most 32 inputs")
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text(32).replace("concat( ", "relu - concat( "))
    assert str(caught.value).endswith("= put `@in0` or `@in1` or `@in2` or `@in3` or `@in4` or `@in5` in front")


def test_branches_of_other_dimensions_do_not_merge() -> None:
    """Inputs may have any; a signal and an image meet nowhere."""
    text = "input sound 64x1\ninput image 8x8x3\n{}( @sound - gap - fc 4 | @image - gap - fc 4 )"
    for merge in ("concat", "add"):
        assert drawn(text.format(merge)).splitlines()[0] == (
            f"error[branches-differ]: the branches of {merge} do not match: branch 1 is 1x4, branch 2 is 1x1x4"
        )
    assert drawn(text.format("add")).splitlines()[-1] == (
        "   = branches 1 and 2 have 1 and 2 spatial dimensions: write their inputs with as many"
    )
    both = cnncalc.load("input sound 64x1\ninput image 8x8x3\n@sound - a: fc 4\n@image - b: fc 2\noutput @a @b")
    assert both.outputs == ((1, 4), (1, 1, 2))

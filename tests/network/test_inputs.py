"""Several inputs in a spec: their names, their sizes from outside, tables and JSON, and what can be wrong."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

import cnncalc
from cnncalc.analysis import Field, receptive_fields
from cnncalc.commands.cli import run
from cnncalc.report.diagnostics import draw_error

TWO = """\
input rgb 32x32x3
input flow 16x16x2
add( @rgb - conv 3x3x8 s2 same - relu | @flow - conv 3x3x8 p1 )
gap - fc 10
"""

NAMED = "input left 8x8x3\ninput right 8x8x3\n"


def test_each_input_is_a_layer_where_it_is_first_read() -> None:
    """As in Keras. It has no parameters and no multiplications."""
    network = cnncalc.load(TWO)
    assert [(node.name, node.layer.kind, node.output) for node in network.layers[:2]] == [
        ("rgb", "input", (32, 32, 3)),
        ("conv1", "conv", (16, 16, 8)),
    ]
    assert (network.inputs, network.input_names, network.inputs_at) == (
        ((32, 32, 3), (16, 16, 2)),
        ("rgb", "flow"),
        (1, 4),
    )
    assert network.params == (3 * 3 * 3 + 1) * 8 + (3 * 3 * 2 + 1) * 8 + (8 + 1) * 10
    assert network.macs == 16 * 16 * 8 * 3 * 3 * 3 + 16 * 16 * 8 * 3 * 3 * 2 + 8 * 10
    assert network.activations == 32 * 32 * 3 + 16 * 16 * 2 + 4 * 16 * 16 * 8 + 8 + 10
    assert repr(network) == "<Network text: rgb 32x32x3, flow 16x16x2 → 1x1x10, 6 layers>"


def test_inputs_have_the_order_of_the_spec() -> None:
    """Not that in which they are read."""
    network = cnncalc.load(NAMED + "add( @right | @left )")
    assert (network.input_names, network.inputs_at) == (("left", "right"), (2, 1))
    assert network.layers[2].inputs == (1, 2)


def test_one_input_may_have_a_name() -> None:
    """Then it is an input as without one, and its name is a label."""
    network = cnncalc.load("input image 8x8x3\nconv 3x3x3 p1 - add( | @image )")
    assert (network.input, network.inputs_at, len(network)) == ((8, 8, 3), (), 2)
    assert network.layers[1].inputs == (1, 0)


def test_names_may_have_any_letters() -> None:
    network = cnncalc.load("input 왼쪽 8x8x3\ninput LEFT 8x8x3\nadd( @왼쪽 | @Left )")
    assert network.input_names == ("왼쪽", "left")


def test_sizes_may_be_expressions_and_claims_hold() -> None:
    network = cnncalc.load("param n = 8\ninput a {n}x{n}x3\ninput b {2*n}x{2*n}x3\n@a => 8x8x3\nadd( | @b - pool 2x2 )")
    assert network.inputs == ((8, 8, 3), (16, 16, 3))


def test_sizes_come_from_outside_by_their_names() -> None:
    """Those of some, or of all; without a statement they say which inputs there are."""
    assert cnncalc.load(TWO, input={"flow": (16, 16, 4)}).inputs == ((32, 32, 3), (16, 16, 4))
    both = {"RGB": "64x64x3", "flow": "32x32x2"}
    assert cnncalc.load(TWO, input=both).inputs == ((64, 64, 3), (32, 32, 2))
    alone = cnncalc.load("add( @a | @b )", input={"a": "8x8x3", "b": "8x8x1"})
    assert (alone.input_names, alone.output) == (("a", "b"), (8, 8, 3))
    assert cnncalc.load("input image 8x8x3\nconv 3x3x4", input="16x16x3").input == (16, 16, 3)
    assert cnncalc.load("input image 8x8x3\nconv 3x3x4", input={"image": "16x16x3"}).input == (16, 16, 3)
    assert cnncalc.load("conv 3x3x4", input={"image": "16x16x3"}).input == (16, 16, 3)


# ---- receptive fields


def test_a_layer_has_a_receptive_field_in_each_input_that_it_sees() -> None:
    """Two windows of 3, one of them with a stride of 2."""
    network = cnncalc.load(TWO)
    add = next(node for node in network if node.name == "add1")
    rgb, flow = [receptive_fields(network, start)[add.index] for start in network.starts]
    assert rgb == (Field(((0, 2),), 2, Fraction(2)),) * 2
    assert flow == (Field(((-1, 1),), 1, Fraction(1)),) * 2
    conv2 = next(node for node in network if node.name == "conv2")
    assert receptive_fields(network, network.starts[0])[conv2.index] == ()


def test_the_table_names_the_inputs_where_the_fields_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["shapes", TWO]) == 0
    assert capsys.readouterr().out.splitlines()[2:10] == [
        "rgb     input                32x32x3                   12.0 KiB",
        "conv1   conv 3x3x8 s2 same   16x16x8          224       8.0 KiB   55,296   3x3 /2",
        "relu1   relu                 16x16x8            0       8.0 KiB        0   3x3 /2",
        "flow    input                16x16x2                    2.0 KiB",
        "conv2   conv 3x3x8 p1        16x16x8          152       8.0 KiB   36,864   3x3 /1",
        "add1    add                  16x16x8            0       8.0 KiB        0   rgb 3x3 /2, flow 3x3 /1",
        "gap1    gap                  1x1x8              0          32 B        0   rgb 33x33 /32, flow 18x18 /16",
        "fc1     fc 10                1x1x10            90          40 B       80   rgb 33x33 /32, flow 18x18 /16",
    ]


def test_explain_works_the_field_out_in_each_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", TWO, "gap1"]) == 0
    assert capsys.readouterr().out == (
        "gap1: gap\n"
        "  input                    16x16x8\n"
        "  output                   1x1x8\n"
        "  parameters               0\n"
        "  memory                   1·1·8 values · 4 bytes = 32 bytes\n"
        "  receptive field in rgb   3 + (16 − 1)·2 = 33, stride 32\n"
        "  receptive field in flow  3 + (16 − 1)·1 = 18, stride 16\n"
    )
    assert run(["explain", TWO, "flow"]) == 0
    assert capsys.readouterr().out == (
        "flow: input\n  output  16x16x2\n  memory  16·16·2 values · 4 bytes = 2,048 bytes\n"
    )


def test_json_has_every_input() -> None:
    data = json.loads(cnncalc.load(TWO).to_json())
    assert data["input"] == [32, 32, 3]
    assert data["inputs"] == [
        {"name": "rgb", "layer": 1, "input": [32, 32, 3]},
        {"name": "flow", "layer": 4, "input": [16, 16, 2]},
    ]
    add = data["layers"][5]
    assert add["receptive_field"] == {"size": [3, 3], "stride": [2, 2]}
    assert add["receptive_fields"] == {
        "rgb": {"size": [3, 3], "stride": [2, 2]},
        "flow": {"size": [3, 3], "stride": [1, 1]},
    }
    assert data["layers"][0]["layer"] == "input"
    assert "inputs" not in json.loads(cnncalc.load("conv 3x3x4", input="8x8x3").to_json())


def test_compare_has_every_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", TWO, "input 32x32x3, conv 3x3x8"]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines()[2:] if line)
    assert rows["input"].split("   ")[0] == "rgb 32x32x3, flow 16x16x2"
    assert rows["layers"].split()[:2] == ["6", "1"]


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw", "report", "compare"])
def test_every_command_answers(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, TWO, *([TWO] if command == "compare" else [])]) == 0
    assert not capsys.readouterr().err


# ---- what is wrong


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

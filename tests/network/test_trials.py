"""Hints that come from trying: another input for the whole network, or another way to write a layer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import zoo
from cnncalc.network import trials
from cnncalc.report.diagnostics import draw_note


def hints(spec: str, size: str | None = None, **options: str) -> tuple[str, ...]:
    """Return the hints of a spec's error."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(spec, input=size, **options)  # type: ignore[arg-type]
    return caught.value.hints


def inputs(found: tuple[str, ...]) -> list[str]:
    """Return the inputs that hints say to fit."""
    return re.findall(r"(?:input|or) ([0-9]+(?:x[0-9]+)*)(?= or|$)", found[0]) if found else []


# ---- another input


@pytest.mark.parametrize("rounding", ["strict", "floor"])
def test_the_input_of_a_unet_is_that_of_the_network(rounding: str) -> None:
    """Four pools halve the size, so that multiples of 16 fit: 360 lies between 352 and 368."""
    found = hints("unet", "360x360x1", rounding=rounding)
    assert inputs(found) == ["352x352", "368x368"]
    if rounding == "floor":
        assert found[1] == "`pool4` drops a part of its 45x45 input: the last row and column are never read"


def test_layers_behind_the_fault_are_thought_of() -> None:
    """Five 3x3 windows take 2·5 rows and leave 1: 11."""
    assert hints("(conv 3x3x32 - relu)*5", "9x6x3") == ("fits with: padding 0x1 → 3x2, kernel 3x2, input 11x11",)


def test_an_input_is_looked_for_along_each_dimension() -> None:
    """The height is right already: (33 − 3)/2 + 1 = 16, and the width would be 15 1/2."""
    assert inputs(hints("conv 3x3x4 s2", "33x32x1")) == ["33x31", "33x33"]


def test_where_no_input_fits_none_is_named() -> None:
    """A sum of a volume and its half fits for no size."""
    assert not any("input" in hint for hint in hints("add( pool2 | )", "8x8x3"))


@settings(max_examples=60)
@given(
    layers=st.lists(
        st.sampled_from(["conv 3x3x4", "conv 5x5x4 s2 p1", "pool2", "pool 3x3 s2", "conv 1x1x4"]), max_size=5
    ),
    size=st.tuples(st.integers(4, 60), st.integers(4, 60)),
)
def test_every_input_that_is_offered_loads(layers: list[str], size: tuple[int, int]) -> None:
    """The whole network takes it: a hint that does not work would be a lie."""
    spec = " - ".join([*layers, "add( conv 3x3x4 p1 | pool2 floor - upsample 2 - conv 1x1x4 )"])
    try:
        cnncalc.load(spec, input=(*size, 3))
    except cnncalc.SpecError as error:
        for found in inputs(error.hints):
            assert cnncalc.load(spec, input=f"{found}x3").layers


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "alexnet", "unet", "googlenet", "densenet121"])
def test_the_search_is_short_and_its_finds_load(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most a dozen trials in each direction, for networks of the zoo too."""
    tried = []
    monkeypatch.setattr(trials, "expand", lambda *call: tried.append(call) or expand(*call))  # type: ignore[func-returns-value]
    channels = cnncalc.load(name).input.channels
    try:
        cnncalc.load(name, input=(237, 237, channels))
    except cnncalc.SpecError as error:
        assert len(tried) <= 2 * trials.MOST_TRIALS
        for found in inputs(error.hints):
            assert cnncalc.load(name, input=f"{found}x{channels}").layers


expand = trials.expand


@pytest.mark.slow
def test_a_huge_network_is_not_tried_again_and_again() -> None:
    """What 100,000 layers cost is not paid once more for a hint."""
    found = hints("(conv 3x3x4 p1)*90000 - pool2", "9x9x3")
    assert found[0] == "fits with: stride 1 → 8x8, padding 0:1 → 5x5, kernel 3x3 → 4x4"


# ---- channels in front


@pytest.mark.parametrize(
    ("given", "said", "meant"),
    [
        ("3x32x32", "3 high, 32 wide, with 32 channels", "32x32x3"),
        ("1x28x28", "1 high, 28 wide, with 28 channels", "28x28x1"),
        ("1x3x32x32", "1 deep, 3 high, 32 wide, with 32 channels", "32x32x3"),
        ("3x16x64x64", "3 deep, 16 high, 64 wide, with 64 channels", "16x64x64x3"),
    ],
)
def test_channels_in_front_are_noticed(given: str, said: str, meant: str) -> None:
    """The numbers are those of the input as it was given; a note says how it was read."""
    network = cnncalc.load("relu - gap - fc 10", input=given)
    assert "x".join(map(str, network.input)) == given
    (note,) = network.notes
    assert (note.code, note.message) == ("channels-first", f"the input is {said}; did you mean {meant}?")


def test_the_note_points_at_the_input() -> None:
    """In the spec, or at what the caller gave."""
    network = cnncalc.load("input 3x32x32\nconv 5x5x10 p2")
    assert draw_note(network.notes[0], network.source) == (
        "note[channels-first]: the input is 3 high, 32 wide, with 32 channels; did you mean 32x32x3?\n"
        "  --> text:1:7\n   |\n 1 | input 3x32x32\n   |       ^^^^^^^"
    )
    network = cnncalc.load("conv 5x5x10 p2", input="3x32x32")
    assert "--> input:1:1" in draw_note(network.notes[0], network.source)


@pytest.mark.parametrize(
    "given", ["32x32x3", "3x3x3", "1x1x784", "3x100x64", "4x18x18", "7x7x512", "3x4x4", "128x9", "64x64"]
)
def test_there_are_no_false_alarms(given: str) -> None:
    """Images, maps, vectors, signals and small volumes are what they are."""
    assert cnncalc.load("relu", input=given).notes == ()


@pytest.mark.parametrize("name", zoo.names()[::6])
def test_the_zoo_has_no_such_note(name: str) -> None:
    assert [note.code for note in cnncalc.load(name).notes if note.code == "channels-first"] == []


def test_a_fault_that_comes_from_channels_in_front_says_so() -> None:
    """7x7 windows do not fit into 3x224; with 224 channels in front, 223x223x3 and 225x225x3 are the nearest."""
    assert hints("conv 7x7x64 s2", "3x224x224")[0] == "the channels come last: write 223x223x3 or 225x225x3"
    assert hints("conv 7x7x64 s2 floor", "3x224x224")[0] == "the channels come last: write 224x224x3"


def test_an_image_without_channels() -> None:
    """Two sizes are a signal; a kernel of two sides says that it was meant for an image."""
    assert hints("conv 5x5x10 p2", "32x32")[0] == (
        "32x32 is 32 long, with 32 channels; for an image write 32x32x3 or 32x32x1"
    )


# ---- another way to write a layer


@pytest.mark.parametrize(
    ("spec", "written"),
    [
        ("5x5 10 filters stride 1 pad 2", "conv 5x5x10 s1 p2"),
        ("conv 5x5, 10 filters, stride 1, pad 2 - relu", "conv 5x5x10 s1 p2"),
        ("10 5x5 filters with stride 1, pad 2", "conv 5x5x10 s1 p2"),
        ("10 filters of size 5x5x3", "conv 5x5x10"),
        ("conv 5 × 5 10", "conv 5x5x10"),
        ("relu - max pool 2x2 - relu", "maxpool 2x2"),
        ("relu - max pooling", "maxpool 2x2"),
        ("relu\nbatch norm\nrelu", "bn"),
        ("relu - fully connected 10", "fc 10"),
        ("relu - dense, 10 units", "fc 10"),
        ("x: global average pooling => 1x1x3", "gap"),
        ("conv 3x3, 64 filters, same padding", "conv 3x3x64 same"),
        ("max pool 2 - batch normalization", "maxpool 2"),
    ],
)
def test_what_people_type_is_answered_with_the_line_to_write(spec: str, written: str) -> None:
    """It is tried in the place of the phrase; only what then is right there is offered."""
    assert hints(spec, "32x32x3")[0] == f"write `{written}`"


@pytest.mark.parametrize("spec", ["unpool", "max", "max pool 2 - relu", "10 filters of 5x5x5x5", "conv 3x3x8 swim 3"])
def test_no_guess_is_better_than_a_wrong_one(spec: str) -> None:
    """``unpool`` is not ``pool``, and a 2x2 pool does not fit 33x33."""
    assert not any(
        hint.startswith(("write `maxpool", "write `conv 5", "did you mean `pool", "did you mean `minpool"))
        for hint in hints(spec, "33x33x3")
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("conv 3x3x8 padding=same", "conv 3x3x8 same"),
        ("conv 3x3x8 pad=valid", "conv 3x3x8 valid"),
        ("conv 3 × 3 × 8 p1", "conv 3x3x8 p1"),
        ("conv 3 x 3 x 8 stride 2 padding 1 floor", "conv 3x3x8 s2 p1 floor"),
        ("conv 3x3x8 padding same", "conv 3x3x8 same"),
        ("conv 3x3x8 pad 1 x 1", "conv 3x3x8 p1x1"),
    ],
)
def test_what_is_plain_is_taken(typed: str, meant: str) -> None:
    """The layer is the same, whichever way it is written."""
    one, other = cnncalc.load(typed, input="32x32x3"), cnncalc.load(meant, input="32x32x3")
    assert (one.output, one.params, one.macs) == (other.output, other.params, other.macs)


@pytest.mark.parametrize(
    "given", ["32,32,3", "32, 32, 3", "32 x 32 x 3", "32×32×3", "(32, 32, 3)", "[32,32,3]", "32 32 3"]
)
def test_an_input_is_taken_as_it_is_typed(given: str) -> None:
    """From outside, and in a spec too but for the brackets."""
    assert cnncalc.load("relu", input=given).input == (32, 32, 3)
    if given[0] == "3":
        assert cnncalc.load(f"input {given} - conv 1x1x4\nrelu").input == (32, 32, 3)


@pytest.mark.parametrize("name", ["ResNet-50", "resnet 50", "RESNET_50", "ResNet50"])
def test_the_zoo_is_known_by_the_names_of_its_papers(name: str) -> None:
    assert cnncalc.load(name).params == cnncalc.load("resnet50").params


def test_a_file_that_is_not_there_but_in_the_zoo(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """A file of one's own may be missing, so the zoo's is not taken for it."""
    monkeypatch.chdir(tmp_path)
    assert hints("VGG-16.txt") == ("the zoo has `vgg16`: leave out the ending",)
    assert hints("SqueezeNet-1.2")[0] == "did you mean `squeezenet1_1` of the zoo?"


# ---- claims


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("conv 5x5x10 => 32x32x10", "`conv 5x5x10` makes 32x32 with padding 2 or with kernel 1x1"),
        ("conv 3x3x8 p1 => 16x16x8", "`conv 3x3x8 p1` makes 16x16 with stride 2 and `floor`"),
        ("conv 3x3x8 p1 => 16x32x8", "`conv 3x3x8 p1` makes 16x32 with stride 2x1 and `floor`"),
        ("pool 2x2 s1 => 16x16x3", "`pool 2x2 s1` makes 16x16 with stride 2"),
        ("pool 2x2 s1 p0 => 33x33x3", "`pool 2x2 s1 p0` makes 33x33 with padding 1"),
        ("conv 5x5x10 p2 => 32x32x16", "with 16 filters it is 32x32x16"),
        ("deconv 2x2x10 s2 => 64x64x16", "with 16 filters it is 64x64x16"),
        ("dwconv 3x3 p1 => 32x32x6", "with 6 filters it is 32x32x6"),
        ("dwconv 3x3 p1 => 32x32x8", "write `=> 32x32x3`"),
        ("conv 1x1x8 - conv 1x1x6 g2 => 32x32x5", "write `=> 32x32x6`"),
        ("pool 2x2 => 16x16x6", "write `=> 16x16x3`"),
    ],
)
def test_a_wrong_claim_says_what_would_make_it(spec: str, told: str) -> None:
    """The stride, the padding, the kernel or the filters; each is tried on the layer."""
    assert told in hints(spec, "32x32x3")[0]

"""What the statements of a spec mean: input, rounding, parameters, blocks, merges, labels, claims, repeats."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc

INPUT = "input 32x32x3\n"


def load(text: str) -> cnncalc.Network:
    """Return the network of a text behind an input of 32x32x3."""
    return cnncalc.load(INPUT + text)


def error(text: str) -> cnncalc.SpecError:
    """Return the error of a text behind an input of 32x32x3."""
    with pytest.raises(cnncalc.SpecError) as caught:
        load(text)
    return caught.value


def written(text: str) -> list[str]:
    """Return the layers of a text as they are written."""
    return [node.written for node in load(text)]


def names(text: str) -> list[str]:
    """Return the names of a text's layers."""
    return [node.name for node in load(text)]


# ---- input, rounding, parameters


def test_the_input_may_be_computed_from_parameters() -> None:
    """A parameter may stand in front of the input, and in it."""
    assert cnncalc.load("param side = 28\ninput {side}x{side}x1\nrelu").input == (28, 28, 1)


def test_a_spec_of_an_input_alone_passes_it_on() -> None:
    """A network without layers has the input as its output, and no parameters."""
    network = load("")
    assert (network.output, network.params, len(network)) == ((32, 32, 3), 0, 0)


def test_rounding_holds_from_where_it_stands_and_a_layer_overrides_it() -> None:
    """(7 - 2)/2 + 1 = 3.5 is 3 with floor and 4 with ceil; the word at the layer is the last."""
    assert cnncalc.load("input 7x7x1\nrounding ceil\npool 2x2 - pool 2x2\nrounding floor").output == (2, 2, 1)
    assert cnncalc.load("input 7x7x1\nrounding ceil\npool 2x2 floor").output == (3, 3, 1)
    assert error("pool 3x3").code == "does-not-fit"
    assert error("rounding ceil\npool 3x3 strict").code == "does-not-fit"


def test_a_parameter_is_known_from_its_place_on() -> None:
    """Parameters may use those before them, and H, W and C of the place where they stand."""
    assert load("param n = 2\nparam m = n**3 + 1\nfc {m}").output == (1, 1, 2**3 + 1)
    assert load("pool 2x2\nparam n = W\nfc {n}").output == (1, 1, 32 // 2)
    assert error("fc {n}\nparam n = 1").code == "unknown-name"


def test_a_parameter_ends_with_its_line() -> None:
    """A dash at the start of the next line separates, and takes nothing away; in brackets lines go on."""
    assert written("param n = 3\n- conv 3x3x{n}\n- relu") == ["conv 3x3x3", "relu"]
    assert load("param n = max(1,\n  2)\nfc {n}").output == (1, 1, 2)
    assert load("param n = {4}\nfc {n}").output == (1, 1, 4)


# ---- blocks


def test_a_block_is_called_with_values_by_place_and_by_name() -> None:
    """``name(3, b=2)``: what is not given has its default."""
    block = "block b(n, side=3, stride=1)\nconv {side}x{side}x{n} s{stride}\nend\n"
    assert written(block + "b(8)") == ["conv 3x3x8 s1"]
    assert written(block + "b(8, 1)") == ["conv 1x1x8 s1"]
    assert written(block + "b(8, stride=31, side=1)") == ["conv 1x1x8 s31"]
    assert written(block + "b(n=2**3)") == ["conv 3x3x8 s1"]
    assert written(block + "b(\n  8,\n  side=5  # larger\n)") == ["conv 5x5x8 s1"]


def test_a_block_without_parameters_needs_no_brackets() -> None:
    """``b`` and ``b()`` call the same block."""
    assert written("block b\nrelu\nend\nb - b() - (b)*2") == ["relu"] * 4


def test_defaults_use_the_volume_of_the_call() -> None:
    """``n=2*C`` doubles the channels of whatever arrives at the call, each time anew."""
    network = load("block wider(n=2*C)\nconv 1x1x{n}\nend\nwider*3")
    assert [node.output.channels for node in network] == [2 * 3, 4 * 3, 8 * 3]


def test_a_default_may_use_the_parameters_before_it() -> None:
    """``m = n + 1`` follows what is given for ``n``."""
    assert load("block b(n, m=n+1)\nconv 1x1x{m}\nend\nb(4)").output.channels == 4 + 1


def test_a_block_sees_the_parameters_of_the_spec_and_its_own_first() -> None:
    """A block's parameter hides the spec's of the same name inside the block alone."""
    text = "param n = 5\nparam k = 7\nblock b(n)\nconv 1x1x{n+k}\nend\nb(1)\nconv 1x1x{n}"
    assert [node.output.channels for node in load(text)] == [1 + 7, 5]


def test_a_block_does_not_see_the_parameters_of_its_caller() -> None:
    """What a block needs, it is given."""
    text = "block inner\nconv 1x1x{n}\nend\nblock outer(n)\ninner\nend\nouter(3)"
    assert error(text).code == "unknown-name"


def test_a_block_may_be_called_before_it_is_defined() -> None:
    """Blocks are known in the whole spec."""
    assert written("b(4)\nblock b(n)\nconv 1x1x{n}\nend") == ["conv 1x1x4"]


def test_a_fault_inside_a_block_says_where_it_was_called() -> None:
    """The trail names every call, the outermost first."""
    text = "block inner(n)\npool {n}x{n}\nend\nblock outer(n)\ninner(n)\nend\nouter(5)"
    fault = error(text)
    assert (fault.code, fault.line) == ("does-not-fit", 3)
    assert fault.trail == ("in outer(5), called at text:8", "in inner(n), called at text:6")


def test_recursion_is_refused_with_its_chain() -> None:
    """A block that calls itself, directly or through others, is named with the way round."""
    assert error("block a\na\nend\na").message == "the block `a` calls itself: a → a"
    text = "block a\nb*2\nend\nblock b\nadd( c | )\nend\nblock c\nrelu - a()\nend\nb"
    assert error(text).message == "the block `b` calls itself: b → c → a → b"


def test_a_block_that_is_not_called_makes_no_layers() -> None:
    """A definition alone is nothing, even one that would be wrong."""
    assert written("block b(n)\nconv 1x1x{n/0}\nend\nrelu") == ["relu"]


# ---- merges and labels


def test_an_empty_branch_passes_the_volume_through() -> None:
    """``add( A | )`` is a residual connection; its inputs are the branch and what arrives."""
    network = load("relu\nadd( conv 3x3x3 p1 - relu | )")
    assert network.layers[-1].inputs == (3, 1)
    assert network.output == (32, 32, 3)


def test_all_branches_may_be_empty() -> None:
    """``concat( | | )`` puts the channels behind themselves three times."""
    assert load("concat( | | )").output == (32, 32, 3 * 3)
    assert load("concat( | | )").layers[0].inputs == (0, 0, 0)


def test_merges_nest_and_hold_groups_and_blocks() -> None:
    """A branch is a sequence like any other."""
    text = "block b\nrelu\nend\nconcat( add( b | (tanh)*2 ) | [conv 1x1x5] | )"
    assert load(text).output == (32, 32, 3 + 5 + 3)


def test_mul_takes_a_single_position_for_every_position() -> None:
    """A branch of 1x1xC is broadcast over HxWxC, in either order."""
    assert load("mul( | gap )").output == (32, 32, 3)
    assert load("mul( gap | )").output == (32, 32, 3)


def test_h_w_and_c_in_a_branch_are_those_of_the_branch() -> None:
    """``C`` is what arrives at the layer, not at the merge."""
    assert load("concat( conv 1x1x8 - conv 1x1x{C/2} | conv 1x1x{C} )").output.channels == 8 // 2 + 3


def test_a_label_can_be_taken_up_in_a_branch_and_as_a_statement() -> None:
    """``@name`` goes on from the labelled volume instead of the arriving one."""
    network = load("a: conv 1x1x4\nconv 1x1x8\nconcat( | @a )\n@a\nrelu")
    assert [node.inputs for node in network] == [(0,), (1,), (2, 1), (1,)]
    assert network.output == (32, 32, 4)


def test_layers_may_follow_a_label_that_is_taken_up() -> None:
    """``@a - conv`` goes on from there inside a branch."""
    assert load("a: conv 1x1x4\npool2\nconcat( | @a - pool2 )").output == (16, 16, 4 + 4)


def test_a_label_may_mark_a_group_a_merge_or_a_call() -> None:
    """What carries the label is the volume that leaves."""
    text = "block b\nconv 1x1x7\nend\na: (conv 1x1x4 - relu)\nc: add( | )\nd: b()\n@a\n@c\n@d"
    assert load(text).output == (32, 32, 7)


def test_a_label_stands_in_its_block_alone() -> None:
    """A block neither sees the labels of its caller nor gives its own away."""
    assert error("a: relu\nblock b\n@a\nend\nb").code == "unknown-name"
    assert error("block b\na: relu\nend\nb\n@a").code == "unknown-name"
    assert written("block b\na: relu - tanh - add( | @a )\nend\na: relu\nb*2 - @a")[-1] == "add"


def test_a_repeated_label_is_the_last_of_its_volumes() -> None:
    """In a repeat the label moves on with each turn."""
    assert load("(a: conv 1x1x{2*C})*3\npool2\n@a").output == (32, 32, 2**3 * 3)


def test_a_label_must_stand_before_its_use() -> None:
    """A volume that is not there yet cannot be taken; the hint lists those that are."""
    fault = error("b: relu\n@a\na: relu")
    assert (fault.code, fault.hints) == ("unknown-name", ("labels before this place: b",))


# ---- claims


@pytest.mark.parametrize("claim", ["=> 28x28x6", "=>28x28x6", "\n=> 28x28x6", "=> 28×28×{2*n}"])
def test_a_claim_that_holds_changes_nothing(claim: str) -> None:
    """``=>`` after a layer, or on the next line, states its output."""
    assert load(f"param n = 3\nconv 5x5x6 {claim}").output == (28, 28, 6)


@pytest.mark.parametrize("claim", ["28x28x7", "28x28", "6", "1x28x28x6"])
def test_a_claim_that_does_not_hold_is_an_error_at_the_claim(claim: str) -> None:
    """The error shows both volumes, and points at the claimed one."""
    fault = error(f"conv 5x5x6 => {claim}")
    assert fault.message == f"the volume here is 28x28x6, not {claim} as claimed"
    assert (fault.line, fault.column) == (2, len("conv 5x5x6 => ") + 1)


def test_a_single_number_claims_a_vector() -> None:
    """``=> 10`` is 1x1x10."""
    assert load("fc 10 => 10").output == (1, 1, 10)


def test_a_claim_on_a_repeat_is_about_its_last_turn() -> None:
    """32 → 28 → 24 with two 5x5 layers."""
    assert load("(conv 5x5x3)*2 => 24x24x3").output == (24, 24, 3)


# ---- repeats


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("relu*3", 3),
        ("(relu)*3", 3),
        ("relu * 3", 3),
        ("relu*0", 0),
        ("relu*{1+2}", 3),
        ("relu*n", 4),
        ("relu*2*3", 2 * 3),
        ("b*3", 3),
        ("b()*3", 3),
        ("((relu)*2)*3", 2 * 3),
        ("(relu*0)*100", 0),
        ("relu*1000*0", 0),
        ("relu*W", 32),
        ("relu*{n-4}", 0),
    ],
)
def test_repeats(text: str, times: int) -> None:
    """``*N`` repeats a layer, a group or a call; a parameter or an expression may stand for N, and N may be 0."""
    assert len(load(f"param n = 4\nblock b\nrelu\nend\n{text}")) == times


def test_a_count_is_taken_where_the_repeat_begins() -> None:
    """The volume that the count may use is the one that arrives at the first turn."""
    assert len(load("(conv 1x1x{C+1})*{C}")) == 3


# ---- names


def test_names_are_the_words_numbered_and_labels_as_they_are() -> None:
    """Layers without a label are numbered for each word; a repeat numbers a label from its second turn on."""
    assert names("conv 1x1x3 - relu - conv 1x1x3 - (last: relu)*2") == ["conv1", "relu1", "conv2", "last", "last_2"]


def test_names_inside_blocks_carry_the_call() -> None:
    """Block calls are numbered, or carry their label, and join with dots."""
    text = "block b\nconv 1x1x3\nend\nblock o\nb - b\nend\no - mine: b"
    assert names(text) == ["o1.b1.conv1", "o1.b2.conv1", "mine.conv1"]


def test_a_label_is_never_given_to_another_layer() -> None:
    """A label ``relu1`` keeps its name, wherever it stands."""
    assert names("relu - relu1: relu - relu") == ["relu2", "relu1", "relu3"]


def test_words_that_end_in_a_digit_share_no_name_with_others() -> None:
    """The 61st ``relu`` and the first ``relu6`` would both be ``relu61``: the later one takes the next number."""
    assert names("(relu)*61 - relu6 - relu")[-3:] == ["relu61", "relu62", "relu63"]
    assert names("relu6 - (relu)*62")[::61] == ["relu61", "relu62"]
    assert names("(relu)*6 - relu6")[-1] == "relu61"


labels = st.sampled_from(["", "", "a: ", "a_2: ", "a11: ", "relu1: ", "conv1: ", "b1: ", "b: ", "relu1_2: "])
steps = st.tuples(
    labels, st.sampled_from(["relu", "conv 1x1x3", "b", "(relu)*2", "b*2", "add(relu|)", "a_", "(a_)*2", "a1", "a1_"])
)


@given(st.lists(steps, max_size=12), st.lists(steps, min_size=1, max_size=5), st.integers(1, 3))
def test_names_are_always_unique(top: list[tuple[str, str]], inside: list[tuple[str, str]], times: int) -> None:
    """Whatever is labelled and repeated, no two layers share a name."""
    seen: set[str] = set()
    lines = [step if label in seen else label + step for label, step in top if not seen.add(label)]  # type: ignore[func-returns-value]
    body = "\n".join(step for _, step in inside if "b" not in step) or "relu"
    blocks = "block a_\nrelu\nend\nblock a1\nrelu6\nend\nblock a1_\nrelu\nend\n"
    text = f"block b\n(a: relu)*2 - {re.sub('a1?_|a1', 'relu', body)}\nend\n{blocks}"
    found = names(text + f"({' - '.join(lines) or 'relu'})*{times}")
    assert len(set(found)) == len(found)

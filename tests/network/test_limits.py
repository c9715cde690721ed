"""The stated limits: what a text may ask for, exactly up to the limit and not beyond."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.core.limits import MAX_LAYERS, MAX_NAME, MAX_NESTING, MAX_NUMBER

INPUT = "input 1x1x1\n"


def code(text: str) -> str:
    """Return the code of a text's error."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.count(cnncalc.load(INPUT + text))
    return caught.value.code


@pytest.mark.slow
def test_a_network_has_at_most_100_000_layers() -> None:
    """The last layer that is allowed is counted, the next one is refused."""
    network = cnncalc.load(INPUT + f"(conv 1x1x1)*{MAX_LAYERS}")
    assert cnncalc.count(network).network.params == MAX_LAYERS * (1 + 1)
    assert code(f"((conv 1x1x1)*1000)*{MAX_LAYERS // 1000} - relu") == "too-long"


@pytest.mark.slow
def test_a_text_may_write_100_000_layers_one_by_one() -> None:
    """The limit on layers holds for a text without repeats too."""
    assert len(cnncalc.load(INPUT + "relu\n" * MAX_LAYERS)) == MAX_LAYERS
    assert code("relu\n" * (MAX_LAYERS + 1)) == "too-long"


def test_brackets_nest_64_deep() -> None:
    """Groups and merges nest up to the limit, and one more is refused."""
    assert len(cnncalc.load(INPUT + "(" * MAX_NESTING + "relu" + ")" * MAX_NESTING)) == 1
    assert code("(" * (MAX_NESTING + 1) + "relu" + ")" * (MAX_NESTING + 1)) == "too-deep"
    assert code("add(" * (MAX_NESTING + 1) + "relu" + "|)" * (MAX_NESTING + 1)) == "too-deep"


def test_blocks_and_brackets_nest_64_deep_together() -> None:
    """A chain of 64 blocks is fine; brackets around the calls count as well."""
    chain = "block b0\nrelu\nend\n" + "".join(f"block b{i}\n%sb{i - 1}%s\nend\n" for i in range(1, MAX_NESTING))
    plain = chain.replace("%s", "")
    assert len(cnncalc.load(INPUT + plain + f"b{MAX_NESTING - 1}")) == 1
    assert code(plain + f"(b{MAX_NESTING - 1})") == "too-deep"
    assert code(chain.replace("%sb", "((b").replace("%s", "))") + f"b{MAX_NESTING - 1}") == "too-deep"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "relu*1000000000",
        "relu*{10**12}",
        "relu" + "*99" * 10_000,
        "x: relu\n((@x)*1000)*1000000",
        "(((relu*0)*1000)*1000)*1000",
        "(" + "relu*0 - " * 1000 + "relu*0)*1000000",
        "block b\nrelu*0\nend\n((b)*1000)*1000",
        "block a\nrelu*1000\nend\nblock b\na*1000\nend\nblock c\nb*1000\nend\nc*1000",
        "(add(" + "|" * 10_000 + "))*1000",
        "(conv 1x1x{" + "+".join("1" * 900) + "})*50000",
        "block b(" + ",".join(f"p{i}=1" for i in range(5000)) + ")\nrelu*0\nend\nb*100000",
        "\n".join(f"conv 1x1x{i + 1}" for i in range(50_000)),
    ],
)
def test_endless_work_is_refused(text: str) -> None:
    """Repeats that would take too long stop at the limit, also where they make no layer at all."""
    assert code(text) == "too-long"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a " * 100_000,
        "conv " + "a " * 100_000,
        "relu - " + "add(" + "|" * 1_000_000 + ")",
        "block b(" + ",".join(f"p{i}" for i in range(200_000)) + ")\nrelu\nend",
        "relu" + "*1" * 200_000,
        "\n".join(["fc {1+1+1+1}"] * 100_000),
    ],
)
def test_a_text_of_too_many_parts_is_refused(text: str) -> None:
    """Words, branches, arguments and numbers are counted while the text is read."""
    assert code(text) == "too-long"


@pytest.mark.parametrize(
    "text",
    [
        f"conv 1x1x{MAX_NUMBER + 1}",
        "conv 1x1x" + "9" * 5000,
        f"upsample x{MAX_NUMBER} - upsample x2",
        "(concat(|))*50",
        f"pad {MAX_NUMBER}",
        f"conv 1x1x{MAX_NUMBER} - upsample x1000000 - flatten",
        f"upsample x2 - deconv 1x1x1 s{MAX_NUMBER}",
    ],
)
def test_sizes_stay_within_the_range_of_numbers(text: str) -> None:
    """Neither a written number nor the size of any volume exceeds the limit."""
    assert code(text) == "out-of-range"


def test_the_largest_number_is_allowed() -> None:
    """10**12 filters are a network, if a strange one."""
    assert cnncalc.load(INPUT + f"conv 1x1x{MAX_NUMBER}").params == 2 * MAX_NUMBER


@pytest.mark.parametrize("form", ["{}: relu", "param {} = 1", "block {}\nrelu\nend", "block b({})\nrelu\nend"])
def test_names_have_64_characters_at_most(form: str) -> None:
    """Labels, parameters, blocks and their parameters."""
    cnncalc.load(INPUT + form.format("n" * MAX_NAME))
    assert code(form.format("n" * (MAX_NAME + 1))) == "bad-name"


def test_a_receptive_field_beyond_all_bounds_is_not_known() -> None:
    """Strides of 10**12, a thousand times over, leave a field that is not known, and a network that is."""
    network = cnncalc.load(INPUT + f"(conv 1x1x1 s{MAX_NUMBER})*1000")
    rows = cnncalc.count(network).rows
    assert rows[0].field[0] is not None
    assert rows[-1].field == (None, None)
    assert '"receptive_field": null' in network.to_json()


def test_a_softmax_over_any_number_of_positions_takes_no_time() -> None:
    """Beyond 1,024 positions its receptive field is not known; it is never listed position by position."""
    network = cnncalc.load(f"input {MAX_NUMBER}x1x1 - softmax over=positions")
    assert cnncalc.count(network).rows[-1].field[0] is None
    assert cnncalc.count(cnncalc.load("input 1024x1 - softmax over=positions")).rows[-1].field[0].size == 1024


def test_very_many_different_intervals_are_not_known() -> None:
    """Enlarging by 1,024 over and over ends in a field that is not known, in linear time."""
    network = cnncalc.load(INPUT + "(upsample x1024 - gap)*5000")
    assert cnncalc.count(network).rows[-1].field == (None, None)


def test_a_long_message_is_cut() -> None:
    """Words, chains and lists from a hostile text are shortened in messages."""
    for text in (
        "a" * 100_000,
        "relu " + "b" * 100_000,
        "x: relu\n@" + "c" * 100_000,
        "conv " + "x".join("1" * 10_000),
    ):
        with pytest.raises(cnncalc.SpecError) as caught:
            cnncalc.load(INPUT + text)
        assert all(len(line) < 400 for line in (caught.value.message, *caught.value.hints))

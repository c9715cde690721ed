"""Merges: `add`, `concat`, `mul`."""

from __future__ import annotations

from tests.layers.helpers import fault, hints, load, told


def test_add_takes_equal_volumes():
    """The sum of equal volumes is such a volume; an empty branch passes its input through."""
    assert load("add( conv 3x3x4 p1 | )", "8x8x4").output == (8, 8, 4)
    assert load("add( conv 3x3x8 p1 | conv 1x1x8 | dwconv 3x3x8 p1 )", "8x8x4").output == (8, 8, 8)


def test_concat_adds_the_channels_up():
    """Sizes are equal, channels may differ: 64 + 128 + 32 + 32 of GoogLeNet's first inception module."""
    text = "concat( conv 1x1x64 | conv 3x3x128 p1 | conv 5x5x32 p2 | pool 3x3 s1 p1 - conv 1x1x32 )"
    assert load(text, "28x28x192").output == (28, 28, 64 + 128 + 32 + 32)


def test_mul_takes_one_factor_per_channel():
    """A 1x1xC branch is a factor for every position, whichever branch it is."""
    assert load("mul( | gap - fc {C} - sigmoid )", "8x8x16").output == (8, 8, 16)
    assert load("mul( gap | )", "8x8x16").output == (8, 8, 16)


def test_merges_cost_nothing():
    """Neither parameters nor multiplications of their own."""
    net = load("add( relu | )", "8x8x4")
    assert (net.layers[-1].params, net.layers[-1].macs) == (0, 0)


def test_branches_that_differ_are_both_named():
    """With their volumes, and with what would make them agree."""
    assert told("add( conv 3x3x8 p1 | )", "8x8x4") == (
        "branches-differ",
        "the branches of add do not match: branch 1 is 8x8x8, branch 2 is 8x8x4",
    )
    assert hints("add( conv 3x3x8 p1 | )", "8x8x4") == ("branch 2 needs 8 channels, for example from `conv 1x1x8`")
    assert hints("add( conv 3x3x4 s2 p1 floor | )", "8x8x4") == "bring branch 2 from 8x8 to 4x4 with a stride of 2"
    assert hints("concat( conv 3x3x4 | )", "8x8x4") == (
        "branch 1 is smaller by 2: a padding that keeps its size is missing there"
    )


def test_mul_refuses_other_sizes():
    """Only equal volumes and 1x1xC."""
    error = fault("mul( | gap - fc 3 )", "8x8x4")
    assert error.code == "branches-differ"
    assert error.hints[-1] == "every branch of mul is 8x8x4 or 1x1x4 here"
    assert told("mul( | pool2 )", "8x8x4")[0] == "branches-differ"


def test_merges_need_branches():
    """One branch is none, and a merge is no layer."""
    assert told("add( conv 3x3x4 )", "8x8x4")[0] == "bad-merge"
    assert told("add", "8x8x4") == ("bad-merge", "`add` needs branches")

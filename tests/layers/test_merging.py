"""Merges: `add`, `concat`, `mul`."""

from __future__ import annotations

import torch

import cnncalc
from cnncalc.layers import class_of, words
from cnncalc.spec.steps import MERGES
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
    assert error.hints[-1] == "every branch of mul is 8x8x4, or 1 in some dimensions: 1x1x4, 8x8x1"
    assert told("mul( | pool2 )", "8x8x4")[0] == "branches-differ"


def test_merges_need_branches():
    """One branch is none, and a merge is no layer."""
    assert told("add( conv 3x3x4 )", "8x8x4")[0] == "bad-merge"
    assert told("add", "8x8x4") == ("bad-merge", "`add` needs branches")


def test_the_grammar_knows_every_merge():
    """Its words are those of the registered layers that merge."""
    assert set(MERGES) == {word for word in words() if class_of(word).merges}


def test_branches_are_spread_where_they_are_1():
    """1x1xC, HxWx1 and 1x1x1, as PyTorch broadcasts; several at once."""
    for word in ("add", "sub", "mul", "max", "min", "mean"):
        assert load(f"{word}( | gap )", "8x8x4").output == (8, 8, 4)
        assert load(f"{word}( conv 1x1x1 | )", "8x8x4").output == (8, 8, 4)
        assert load(f"{word}( fc 1 | conv 1x1x1 | gap )", "8x8x4").output == (8, 8, 4)
    assert load("add( adaptiveavgpool 1x8 | adaptiveavgpool 8x1 )", "8x8x4").output == (8, 8, 4)


def test_branches_that_are_spread_and_differ_are_named():
    """Branch 1 fits both; branches 2 and 3 do not fit each other."""
    assert told("add( gap | | pool2 )", "8x8x4") == (
        "branches-differ",
        "the branches of add do not match: branch 1 is 1x1x4, branch 2 is 8x8x4, branch 3 is 4x4x4",
    )
    assert hints("add( gap | | pool2 )", "8x8x4") == "bring branch 2 from 8x8 to 4x4 with a stride of 2"


def test_the_values_of_merges():
    """By hand: 2 and 6 of two branches that add and multiply a constant."""
    image = torch.full((1, 1, 1, 2), 4.0)
    for word, value in (("add", 3.0), ("sub", 5.0), ("mul", -4.0), ("max", 4.0), ("min", -1.0), ("mean", 1.5)):
        module = cnncalc.build(cnncalc.load(f"{word}( | conv 1x1x1 )", input="1x2x1"), seed=0)
        torch.nn.init.zeros_(module.conv1.weight)
        torch.nn.init.constant_(module.conv1.bias, -1.0)
        assert module(image).flatten().tolist() == [value, value]


def test_several_branches_go_from_left_to_right():
    """`sub` takes all others away from the first; `mean` divides by three."""
    image = torch.full((1, 1, 1, 1), 9.0)
    assert cnncalc.build(cnncalc.load("sub( | | )", input="1x1x1"))(image).item() == 9.0 - 9.0 - 9.0
    assert cnncalc.build(cnncalc.load("mean( | | )", input="1x1x1"))(image).item() == 9.0


def test_a_word_that_merges_nothing_is_named():
    """Brackets with a bar are a merge, whatever stands in front."""
    assert told("sum( relu | )", "8x8x4") == ("bad-merge", "`sum` does not merge branches")
    assert hints("sum( relu | )", "8x8x4") == "did you mean `sub`?"
    assert hints("glue( relu | )", "8x8x4") == "branches are merged by add, concat, mul, sub, max, min, mean"


def test_a_block_may_be_called_like_a_merge():
    """Brackets with a bar are the merge, and others the call; a list of numbers in them is no bar."""
    block = "block max(n)\nconv 1x1x{n}\nend\n"
    assert [node.written for node in load(block + "max(3) - max( relu | ) - max(max(1, 2))", "8x8x4")] == [
        "conv 1x1x3",
        "relu",
        "max",
        "conv 1x1x2",
    ]
    assert [node.written for node in load("mean(2)\n" + block.replace("max", "mean"), "8x8x4")] == ["conv 1x1x2"]


def test_a_merge_comes_back_from_pytorch_as_it_was_written():
    """How people write them: a difference keeps its order, a mean is a sum divided by the number of its parts."""

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(4, 4, 1)

        def forward(self, x):
            y = self.conv(x)
            x = torch.maximum(x - y - x.relu(), torch.min(x, y)) - x.mean((2, 3), keepdim=True)
            return (x + x.relu() + x.tanh()) / 3

    assert cnncalc.from_torch(Module(), "8x8x4") == (
        "input 8x8x4\n\nsub( max( sub( | skip1: conv 1x1x4 | relu ) | min( | @skip1 ) ) | gap )\n"
        "mean( | relu | tanh )\n"
    )

"""Receptive fields are what autograd finds: the inputs on which an output's gradient is not zero."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

import cnncalc
from cnncalc.analysis import Field, receptive_fields
from tests.oracle.receptive_modules import CHANNELS, PHASES, networks, positive, seen

SIDES = {1: 1000, 2: 100}
"""Inputs so large that units in the middle do not see the border."""


def last_fields(text: str, volume: str | tuple[int, ...]) -> tuple[Field | None, ...]:
    """Return the receptive field of the output, per dimension."""
    return receptive_fields(cnncalc.load(text + "\n", input=volume))[-1]


def size(text: str, volume: str) -> list[int]:
    """Return the sides of the receptive field of the output."""
    return [field.size for field in last_fields(text, volume) if field]


@pytest.mark.slow
@pytest.mark.parametrize("dimensions", [1, 2])
@given(data=st.data())
@settings(max_examples=40)
def test_field_is_what_autograd_sees(dimensions: int, data: st.DataObject):
    """The size of the field, and the distance between the fields of units that lie far apart."""
    text, build = data.draw(networks(dimensions))
    sizes = (SIDES[dimensions],) * dimensions
    neighbours, (near, far) = seen(positive(build()), sizes, PHASES, PHASES)
    assume(all(axis.first > 0 and axis.last < sizes[0] - 1 for unit in [*neighbours, far] for axis in unit))
    for axis, field in enumerate(last_fields(text, (*sizes, CHANNELS))):
        assert field is not None
        assert field.size == max(unit[axis].size for unit in neighbours)
        assert field.jump == Fraction(far[axis].first - near[axis].first, PHASES)


@given(data=st.data())
@settings(max_examples=40)
def test_place_of_a_field_is_what_autograd_sees(data: st.DataObject):
    """Not only its size: each unit's first and last input are known."""
    text, build = data.draw(networks(1))
    sizes = (SIDES[1],)
    module = positive(build())
    neighbours, _ = seen(module, sizes, PHASES, PHASES)
    assume(all(unit[0].first > 0 and unit[0].last < sizes[0] - 1 for unit in neighbours))
    net = cnncalc.load(text + "\n", input=(*sizes, CHANNELS))
    (field,) = receptive_fields(net)[-1]
    assert field is not None
    middle = net.output[0] // 2 - PHASES // 2
    assert [field.at(middle + step) for step in range(PHASES)] == [tuple(unit[0]) for unit in neighbours]


# ---- chains, by hand


def test_input_sees_itself():
    """Before the first layer every unit is one input."""
    net = cnncalc.load("identity", input="8x8x3")
    assert receptive_fields(net) == [(Field(((0, 0),), 1, Fraction(1)),) * 2] * 2


@pytest.mark.parametrize("layers", [1, 2, 3, 10])
def test_stacked_convolutions_add_up(layers: int):
    """Stacked 3x3 layers see 3, 5, 7, …: the field is cumulative, not that of each layer by itself."""
    assert size(f"(conv 3x3x1)*{layers}", "64x64x1") == [1 + 2 * layers] * 2


def test_stride_multiplies_what_follows():
    """Behind a stride of 2 every step of a window is two input positions."""
    net = cnncalc.load("conv 3x3x1 s2 - conv 3x3x1 s2 - conv 3x3x1", input="63x63x1")
    fields = receptive_fields(net)
    assert [f[0].size for f in fields if f[0]] == [1, 3, 3 + 2 * 2, 7 + 2 * 4]
    assert [f[0].jump for f in fields if f[0]] == [1, 2, 4, 4]


def test_dilation_spreads_the_window():
    """A 3x3 window with dilation 4 reaches over 9."""
    assert size("conv 3x3x1 d4", "32x32x1") == [4 * (3 - 1) + 1] * 2


def test_dimensions_are_separate():
    """A 1x7 window widens the width only."""
    assert size("conv 1x7x1 - conv 3x1x1 s2x1", "31x31x1") == [3, 7]


def test_padding_counts_like_the_input():
    """A field may be larger than the image: padding is counted."""
    assert size("(conv 7x7x1 p3)*10", "8x8x1") == [1 + 10 * 6] * 2


def test_fully_connected_sees_everything():
    """Global pools, flatten and fully connected layers see the whole input."""
    for layer in ("gap", "gmp", "flatten", "fc 10", "adaptiveavgpool 1"):
        assert size(layer, "9x7x3") == [9, 7]


def test_adaptive_pools_see_their_share():
    """7 outputs of 10 inputs: each looks at ⌊i·10/7⌋ to ⌈(i+1)·10/7⌉ − 1, at most 3."""
    spans = [-(-(i + 1) * 10 // 7) - i * 10 // 7 for i in range(7)]
    assert size("adaptiveavgpool 7", "10x10x1") == [max(spans)] * 2
    assert [f.jump for f in last_fields("adaptiveavgpool 7", "10x10x1") if f] == [Fraction(10, 7)] * 2


@pytest.mark.parametrize("outputs", [1, 2, 3, 5, 7, 10, 12])
def test_adaptive_pools_see_what_autograd_sees(outputs: int):
    """The first and the last input of every output of an adaptive pool."""
    image = torch.ones((1, 1, 10), dtype=torch.float64, requires_grad=True)
    result = nn.AdaptiveAvgPool1d(outputs)(image)
    (field,) = last_fields(f"adaptiveavgpool {outputs}", "10x1")
    assert field is not None
    for unit in range(outputs):
        (gradient,) = torch.autograd.grad(result[0, 0, unit], image, retain_graph=True)
        places = gradient[0, 0].nonzero()
        assert field.at(unit) == (int(places.min()), int(places.max()))


# ---- enlarging and merging


def test_enlarging_makes_the_effective_stride_small():
    """Upsampling by 2 puts units half an input apart; a 3x3 behind it then sees 2 inputs, not 3."""
    (field, _) = last_fields("upsample x2 - conv 3x3x1", "16x16x1")
    assert field is not None
    assert (field.size, field.jump) == (2, Fraction(1, 2))


@pytest.mark.parametrize(
    "text",
    [
        *("upsample size=13", "upsample size=13 linear", "upsample size=13 linear aligncorners"),
        *("upsample x1.5 linear", "upsample size=3 shrink", "upsample size=5 shrink linear"),
    ],
)
def test_sizes_between_see_what_autograd_sees(text: str):
    """Every unit of an enlarged (or smaller) signal, where windows end at the borders."""
    module = cnncalc.build(cnncalc.load(text, input="8x1")).double()
    image = torch.rand(1, 1, 8, dtype=torch.float64, requires_grad=True)
    result = module(image)
    (field,) = last_fields(text, "8x1")
    assert field is not None
    for unit in range(result.shape[-1]):
        (gradient,) = torch.autograd.grad(result[0, 0, unit], image, retain_graph=True)
        (seen,) = gradient[0].nonzero()[:, 1:].T
        first, last = (min(max(place, 0), 7) for place in field.at(unit))
        assert (first, last) == (int(seen.min()), int(seen.max()))


def test_bicubic_sees_four_values():
    """Two on each side, but where an output lies on an input."""
    (field, _) = last_fields("upsample x2 bicubic", "8x8x1")
    assert field is not None
    assert field.size == 4


def test_a_dilated_transposed_convolution_mixes_wide_and_narrow_units():
    """Neighbours see 4 inputs and 1 in turn; a window over both sees what autograd sees."""
    module = positive(nn.Sequential(nn.ConvTranspose1d(2, 2, 3, 2, dilation=3), nn.Conv1d(2, 2, 2)))
    neighbours, _ = seen(module, (40,), 2, 2)
    (field,) = last_fields("deconv 3x2 s2 d3 - conv 2x2", "40x2")
    assert field is not None
    assert field.size == max(unit[0].size for unit in neighbours) == 4


def spans(result: torch.Tensor, image: torch.Tensor, units: range) -> list[int]:
    """Return how far the inputs reach that units depend on, by autograd; 0 for a unit that depends on none."""
    found = []
    for unit in units:
        (gradient,) = torch.autograd.grad(result[0, :, unit].sum(), image, retain_graph=True)
        places = gradient[0].abs().amax(0).nonzero()
        found.append(int(places.max() - places.min()) + 1 if len(places) else 0)
    return found


@given(data=st.data())
@settings(max_examples=60)
def test_gaps_see_nothing(data: st.DataObject):
    """Behind a transposed convolution with any stride and dilation, dilated windows see what autograd sees."""
    kernel, stride, dilation = (data.draw(st.integers(1, most)) for most in (4, 4, 3))
    layers: list[nn.Module] = [nn.ConvTranspose1d(2, 2, kernel, stride, dilation=dilation, bias=False)]
    text = f"deconv {kernel}x2 s{stride} d{dilation} nobias"
    for _ in range(data.draw(st.integers(1, 2))):
        window, step, apart = (data.draw(st.integers(1, most)) for most in (3, 2, 3))
        layers.append(nn.Conv1d(2, 2, window, step, dilation=apart, bias=False))
        text += f" - conv {window}x2 s{step} d{apart} floor nobias"
    image = torch.ones((1, 2, 150), dtype=torch.float64, requires_grad=True)
    result = positive(nn.Sequential(*layers))(image)
    (field,) = last_fields(text, "150x2")
    assert field is not None
    begin = result.shape[2] // 3
    units = range(begin, begin + 12)
    seen_by = [field.last(unit) - field.first(unit) + 1 if field.sees(unit) else 0 for unit in units]
    assert seen_by == spans(result, image, units)


def test_a_window_that_steps_over_gaps():
    """A dilated window behind a dilated transposed convolution meets every second unit: 3 inputs, not 4."""
    assert size("deconv 4x1 s3 d2 nobias - conv 3x1 s2 d2 floor nobias", "260x1") == [3]


def test_branches_are_united():
    """The sum of a branch that sees 3 and one that sees 7 sees 7; an empty branch adds nothing."""
    assert size("add( conv 3x3x1 p1 | conv 7x7x1 p3 )", "32x32x1") == [7, 7]
    assert size("add( conv 3x3x1 p1 | )", "32x32x1") == [3, 3]


def test_branches_that_look_to_different_sides_see_more_together():
    """One branch looks two to the left, one two to the right: together they see 5."""
    assert size("add( conv 3x1 p2:0 | conv 3x1 p0:2 )", "32x1") == [5]


def test_squeeze_and_excitation_sees_everything():
    """A factor from a global mean makes every unit depend on the whole input."""
    assert size("mul( | gap - fc {C} - sigmoid )", "14x14x8") == [14, 14]
    assert size("conv 3x3x8 p1 - mul( | gap - conv 1x1x8 ) - conv 3x3x8 p1", "14x14x8")[0] >= 14


def test_a_merge_sees_no_less_than_its_widest_branch():
    """Two 9x9 convolutions look at 17x17, padding included; the mean of the 5x5 input takes nothing away."""
    assert size("conv 9x9x8 p4 - conv 9x9x8 p4", "5x5x8") == [17, 17]
    assert size("mul( conv 9x9x8 p4 - conv 9x9x8 p4 | gap )", "5x5x8") == [17, 17]


def test_what_is_not_known_is_none():
    """An enlargement of 5000 at once is too much to follow: unknown, and so is all that comes after."""
    net = cnncalc.load("conv 3x3x1 p1 - upsample x5000 - conv 3x3x1 p1 - gap", input="4x4x1")
    fields = receptive_fields(net)
    assert [field is not None for field, _ in fields] == [True, True, False, False, False]


def test_one_dimension_may_be_unknown_alone():
    """Only the dimension that is enlarged too much is lost."""
    height, width = last_fields("upsample x1x5000 - conv 3x3x1 p1", "4x4x1")
    assert height is not None
    assert (height.size, width) == (3, None)


# ---- layers that have outgrown their input


def outgrown(text: str, volume: str) -> list[bool]:
    """Return the flag of every layer."""
    return [row.outgrown for row in cnncalc.count(cnncalc.load(text, input=volume)).rows]


def test_layers_behind_a_field_larger_than_the_input_are_outgrown():
    """On 8x8 fields of 1, 4, 7 and 10 arrive at four convolutions: the last of them has nothing to add."""
    assert size("(conv 4x4x1 same)*3", "8x8x1") == [10, 10]
    assert outgrown("(conv 4x4x1 same)*4", "8x8x1") == [False, False, False, True]


def test_a_field_as_large_as_the_input_is_not_outgrown():
    """A field of exactly the input's size has just seen it all."""
    assert outgrown("(conv 3x3x1 p1)*5", "9x9x1") == [False] * 5
    assert outgrown("(conv 3x3x1 p1)*6", "9x9x1") == [False] * 5 + [True]


def test_only_layers_that_look_around_are_outgrown():
    """Pools, activations and 1x1 convolutions look for no pattern between positions."""
    flags = outgrown("conv 9x9x1 p4 - conv 3x3x1 p1 - relu - conv 1x1x1 - pool 2x2 - conv 3x3x1 p1", "6x6x1")
    assert flags == [False, True, False, False, False, True]


def test_one_dimension_alone_is_not_outgrown():
    """A signal whose height has been seen but whose width has not is still worth looking at."""
    assert outgrown("conv 9x1x1 p4x0 - conv 3x3x1 p1", "6x60x1") == [False, False]

"""Numbers that a spec gives: filters that are constants, and first values."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch.nn import functional

import cnncalc
from cnncalc.layers.named_kernels import named_kernel
from tests.layers.helpers import hints, layer, load, told


def computed(text: str, volume: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random images, and what a spec makes of them."""
    network = load(text, volume)
    images = torch.rand(2, network.input.channels, *network.input.spatial)
    with torch.no_grad():
        return images, cnncalc.build(network)(images)


def test_constants_cost_multiplications_and_are_no_parameters():
    """The filters of an anti-aliased net."""
    node = layer("dwconv 3x3 s2 p1 floor nobias fixed kernel=binomial", "8x8x16")
    assert (node.params, node.macs) == (0, 4 * 4 * 16 * 9)
    assert layer("dwconv 3x3 s2 p1 floor nobias kernel=binomial", "8x8x16").params == 16 * 9


def test_kernels_with_a_name():
    """Sobel's edges, Laplace's, a mean, and Zhang's blur of 5x5: the outer product of 1 4 6 4 1, over 256."""
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    laplace = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0])
    for name, kernel in {
        "sobelx": sobel,
        "sobely": sobel.T,
        "laplace": laplace,
        "box": torch.full((3, 3), 1 / 9),
    }.items():
        images, made = computed(f"conv 3x3x1 nobias fixed kernel={name}", "9x9x2")
        torch.testing.assert_close(made, functional.conv2d(images, kernel.expand(1, 2, 3, 3)))
    images, made = computed("dwconv 5x5 nobias fixed kernel=binomial", "9x9x2")
    blur = torch.outer(row, row) / 256
    torch.testing.assert_close(made, functional.conv2d(images, blur.expand(2, 1, 5, 5), groups=2))


def test_kernels_that_have_two_names_and_the_one_in_the_middle() -> None:
    """Gaussian, blur and Laplacian; the identity keeps every value."""
    for name, other in {"gaussian": "binomial", "blur": "box", "laplacian": "laplace"}.items():
        assert named_kernel(name, (3, 3)) == named_kernel(other, (3, 3))
    images, made = computed("dwconv 5x3 same nobias fixed kernel=identity", "9x9x2")
    torch.testing.assert_close(made, images)


def test_numbers_by_row_channel_and_filter():
    """`;` parts rows, `|` channels, `||` filters; a bias for each filter."""
    images, made = computed("conv 1x2x2 fixed kernel=[1 2 | 3 4 || 5 6 | 7 8] bias=[10 20]", "4x4x2")
    weight = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]])
    torch.testing.assert_close(made, functional.conv2d(images, weight, torch.tensor([10.0, 20.0])))
    images, made = computed("conv 3x1 nobias fixed kernel=[1 -2 1]", "9x1")
    torch.testing.assert_close(made, functional.conv1d(images, torch.tensor([[[1.0, -2.0, 1.0]]])))


def test_first_values_are_learned():
    """They are where training begins."""
    module = cnncalc.build(load("conv 3x3x1 kernel=sobelx bias=0.5", "9x9x1"))
    weight, bias = (value.detach() for value in module.parameters())
    assert weight.flatten().tolist() == [-1, 0, 1, -2, 0, 2, -1, 0, 1]
    assert bias.tolist() == [0.5]


def test_a_kernel_for_billions_of_channels():
    """It is written once, and its numbers are not made before they are asked for."""
    node = layer("conv 3x3x6 p1 fixed kernel=box", "8x8x1000000000")
    weight, _ = node.layer.state(node.sources)
    assert (len(weight.start), next(iter(weight.start))) == (6 * 10**9 * 9, Fraction(1, 9))


def test_what_does_not_fit():
    """Each with what is there, and what would do."""
    assert told("conv 5x5x1 kernel=sobelx", "9x9x1") == ("bad-size", "the kernel `sobelx` is 3x3, not 5x5")
    assert told("conv 3x3x1 kernel=sobel", "9x9x1") == ("bad-option", "there is no kernel `sobel`")
    assert hints("conv 3x3x1 kernel=sobel", "9x9x1").startswith("did you mean `sobely`?; ")
    assert told("conv 3x3x1 kernel=[1 2; 3 4]", "9x9x1") == (
        "bad-size",
        "the list `kernel` is 2x2, and the kernel is 3x3",
    )
    assert told("conv 1x1x3 kernel=[1 || 2]", "9x9x1") == ("bad-size", "the list `kernel` has 2 filters of 1 channels")
    assert told("conv 65x65x1 p32 kernel=box", "9x9x1") == (
        "out-of-range",
        "a kernel with a name has at most 4,096 numbers, not 4,225",
    )
    assert told("conv 1x1x3 nobias bias=1", "9x9x1") == ("bad-option", "`nobias` leaves out what `bias` sets")
    assert told("conv 1x1x3 bias=[1 2]", "9x9x1") == (
        "bad-size",
        "the list `bias` has one number, or one for each of 3 filters",
    )


def test_an_enlargement_by_constants():
    """Each value spread over a window: a transposed convolution of one kernel for every channel."""
    images, made = computed("deconv 3x3x2 s2 g2 nobias fixed kernel=[1 2 1; 2 4 2; 1 2 1]", "4x4x2")
    kernel = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]).expand(2, 1, 3, 3)
    torch.testing.assert_close(made, functional.conv_transpose2d(images, kernel, stride=2, groups=2))
    node = layer("deconv 3x3x2 s2 g2 nobias fixed kernel=box", "4x4x2")
    assert (node.params, node.macs) == (0, 4 * 4 * 2 * 9)


def test_a_matrix_of_numbers() -> None:
    """A row for each output, and one row for all; the lecture's AND and OR, with a step behind."""
    images, made = computed("fc 2 fixed kernel=[1 -1 0; 0.5 0 2] bias=[-1 0.5]", "1x1x3")
    weight, bias = torch.tensor([[1.0, -1.0, 0.0], [0.5, 0.0, 2.0]]), torch.tensor([-1.0, 0.5])
    torch.testing.assert_close(made, functional.linear(images.flatten(1), weight, bias))
    perceptrons = cnncalc.build(load("fc 2 kernel=[1 1] bias=[-1.5 -0.5] - step", "1x1x2"))
    given = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])[:, :, None, None]
    assert perceptrons(given).tolist() == [[0, 0], [0, 1], [0, 1], [1, 1]]
    node = layer("fc 10 fixed", "4x4x3")
    assert (node.params, node.macs) == (0, 480)


def test_factors_that_are_constants() -> None:
    images, made = computed("scale fixed kernel=[0.5 2 -1]", "4x4x3")
    torch.testing.assert_close(made, images * torch.tensor([0.5, 2.0, -1.0])[:, None, None])
    images, made = computed("scale 0.25 fixed", "4x4x3")
    torch.testing.assert_close(made, images / 4)
    assert [layer(text, "4x4x3").params for text in ("scale 2 fixed", "scale kernel=[1 2 3]")] == [0, 3]


def test_a_frozen_batch_norm_uses_its_statistics_in_training_too() -> None:
    """As torchvision's does: nothing is learned, and nothing moves."""
    module = cnncalc.build(load("bn fixed eps=0.01", "4x4x3")).train()
    assert not list(module.parameters())
    state = {name: torch.rand(3) + 0.5 for name in module.state_dict()}
    assert [name.partition(".")[2] for name in state] == ["weight", "bias", "running_mean", "running_var"]
    module.load_state_dict(state)
    images = torch.rand(2, 3, 4, 4)
    weight, bias, mean, variance = [values[:, None, None] for values in state.values()]
    expected = (images - mean) / (variance + 0.01).sqrt() * weight + bias
    torch.testing.assert_close(module(images), expected)
    assert all(torch.equal(values, state[name]) for name, values in module.state_dict().items())


def test_what_does_not_fit_a_matrix_a_norm_or_factors() -> None:
    assert told("fc 2 kernel=[1 2]", "2x2x1") == ("bad-size", "the list `kernel` is not a matrix of 2 x 4")
    assert hints("fc 2 kernel=[1 2]", "2x2x1") == "write 2 rows of 4 numbers; one row serves all outputs"
    assert told("fc 2 kernel=box", "2x2x1") == ("bad-option", "fc has no kernels with a name")
    assert told("fc 3 bias=[1 2]", "2x2x1") == (
        "bad-size",
        "the list `bias` has one number, or one for each of 3 outputs",
    )
    assert told("bn fixed momentum=0.2", "2x2x1") == ("bad-option", "the running means of a `fixed` norm never move")
    assert told("scale kernel=[1 2]", "2x2x3") == (
        "bad-size",
        "the list `kernel` takes 3 numbers, one for each channel",
    )
    assert told("scale one kernel=[1 2]", "2x2x3") == ("bad-size", "the list `kernel` takes one number")
    assert told("scale kernel=box", "2x2x3") == ("bad-option", "`box` is not a list of factors")
    assert told("scale 2 kernel=[1 2 3]", "2x2x3") == ("bad-option", "`kernel` sets what the number sets")

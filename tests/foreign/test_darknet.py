"""What Darknet's sections mean where its own code is the only description: against the same in PyTorch."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import cnncalc as package
from cnncalc.core.source import Source
from cnncalc.foreign import read_foreign

HEAD = "[net]\nheight=8\nwidth=8\nchannels=3\n\n"
PLAIN = "[convolutional]\nfilters={}\nsize=3\nstride={}\npad=1\nactivation=linear\n{}\n"


def built(text: str) -> nn.Module:
    """Return the network of a configuration, with weights of a seed."""
    return package.build(package.load(HEAD + text), seed=0)


def test_a_dilated_convolution_keeps_the_size() -> None:
    """Darknet's padding goes with the dilation."""
    module = built(PLAIN.format(5, 1, "dilation=2"))
    images = torch.rand(2, 3, 8, 8)
    (conv,) = module.children()
    torch.testing.assert_close(module(images), functional.conv2d(images, conv.weight, conv.bias, 1, 2, 2))


def test_antialiasing_is_a_convolution_of_stride_1_and_a_blur_that_has_its_stride() -> None:
    """Zhang (2019): the blur is the outer product of 1 2 1, over 16."""
    module = built(PLAIN.format(5, 2, "antialiasing=1"))
    conv, _ = module.children()
    images = torch.rand(2, 3, 8, 8)
    row = torch.tensor([1.0, 2.0, 1.0])
    blur = (torch.outer(row, row) / 16).expand(5, 1, 3, 3)
    made = functional.conv2d(images, conv.weight, conv.bias, 1, 1)
    torch.testing.assert_close(module(images), functional.conv2d(made, blur, None, 2, 1, groups=5))


def test_a_shortcut_adds_what_both_volumes_have() -> None:
    """Of a larger volume every second position, and of the channels those that both have."""
    for filters in (5, 2):
        module = built(PLAIN.format(3, 1, "") + PLAIN.format(filters, 2, "") + "[shortcut]\nfrom=-2\n")
        images = torch.rand(2, 3, 8, 8)
        first, second = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
        large = first(images)
        expected = second(large)
        both = min(3, filters)
        expected[:, :both] += large[:, :both, ::2, ::2]
        torch.testing.assert_close(module(images), expected)


def test_a_shared_convolution_has_the_weights_of_the_other() -> None:
    text = PLAIN.format(3, 1, "") * 2 + PLAIN.format(3, 1, "share_index=-1") + PLAIN.format(3, 1, "share_index=1")
    assert package.load(HEAD + text).params == 2 * 3 * (27 + 1)


def test_a_sum_with_weights() -> None:
    """One number for each volume, or for each of its channels."""
    conv = 3 * (27 + 1)
    for kind, weights in (("per_feature", 2), ("per_layer", 2), ("per_channel", 6)):
        text = PLAIN.format(3, 1, "") * 2 + f"[shortcut]\nfrom=-2\nweights_type={kind}\n"
        assert package.load(HEAD + text).params == 2 * conv + weights


def test_a_mean_over_windows() -> None:
    module = built("[local_avgpool]\nsize=2\nstride=2\n")
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(module(images), functional.avg_pool2d(images, 2))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relie", lambda x: functional.leaky_relu(x, 0.01)),
        ("ramp", lambda x: x.clamp(min=0) + 0.1 * x),
        ("loggy", lambda x: 2 / (1 + (-x).exp()) - 1),
    ],
)
def test_an_activation(name: str, expected: object) -> None:
    """The formulas are those of Darknet's own code."""
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(built(f"[activation]\nactivation={name}\n")(images), expected(images))  # type: ignore[operator]


@pytest.mark.parametrize("setting", ["tree=words.tree", "groups=2"])
def test_a_softmax_over_parts_of_the_channels_is_left_out(setting: str) -> None:
    """It has no parameters, and the classes of YOLO9000 are a tree of words."""
    text = HEAD + PLAIN.format(6, 1, "") + f"[avgpool]\n[softmax]\n{setting}\n"
    assert [node.written for node in package.load(text)][-1] == "gap"
    assert "# a softmax over parts of the channels is left out" in read_foreign(Source("net.cfg", text)).spec.text


def test_a_contrastive_loss_is_no_layer() -> None:
    text = PLAIN.format(6, 1, "") + "[contrastive]\nclasses=2\n"
    assert [node.written for node in package.load(HEAD + text)] == ["conv 3x3x6 p1"]

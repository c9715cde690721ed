"""A known network for other images: what is changed, and that all of it loads."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.volume import Volume
from cnncalc.report.diagnostics import draw_error
from cnncalc.templates.like import like

CIFAR = Volume((32, 32, 3))


def test_resnet18_gets_a_stem_for_small_images() -> None:
    """A whole text: a 3x3 convolution with stride 1, and no pool."""
    assert like("resnet18", CIFAR, 10).text == (
        "# ResNet-18\n"
        "# He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015, https://arxiv.org/abs/1512.03385\n"
        "# Adapted to 32x32x3:\n"
        "# - `conv 7x7x64 s2 p3 nobias` became `conv 3x3x64 p1 nobias`\n"
        "# - `pool 3x3 s2 p1` was left out\n"
        "use resnet\n"
        "input 32x32x3\n"
        "rounding floor\n"
        "param classes = 10\n"
        "\n"
        "conv 3x3x64 p1 nobias - bn - relu\n"
        "basic(64)*2\n"
        "basic_stage(128, depth=2)\n"
        "basic_stage(256, depth=2)\n"
        "basic_stage(512, depth=2)\n"
        "gap - fc {classes}\n"
    )


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("resnet18", 11_173_962), ("resnet34", 21_282_122), ("resnet50", 23_520_842), ("resnet101", 42_512_970)],
)
def test_the_resnets_that_others_train_on_cifar(name: str, parameters: int) -> None:
    """The parameters that are published for these networks with a 3x3 stem and 10 classes."""
    net = cnncalc.load(like(name, CIFAR, 10).text)
    assert net.params == parameters
    assert next(node.sources[0] for node in net if node.layer.kind == "gap").spatial == (4, 4)


def test_mobilenet_v2_keeps_its_parameters() -> None:
    """torchvision's mobilenet_v2(num_classes=10) has 2,236,682; strides have none."""
    adapted = like("mobilenet_v2", CIFAR, 10)
    assert cnncalc.load(adapted.text).params == 2_236_682
    assert adapted.changes == (
        "`conv 3x3x32 s2 p1 nobias` became `conv 3x3x32 p1 nobias`",
        "`stage(24, depth=2, stride=2)` got stride 1",
    )


def test_a_large_input_changes_nothing_else() -> None:
    known = zoo.spec("resnet50")
    assert known is not None
    text = like("resnet50", Volume((256, 256, 3)), None).text
    assert text.replace("# Adapted to 256x256x3.\n", "") == known.text.replace("224x224x3", "256x256x3")


def test_a_pool_to_a_size_that_is_not_there_is_left_out() -> None:
    """VGG-16 leaves 1x1 of 32x32, from which nothing is pooled to 7x7."""
    adapted = like("vgg16", CIFAR, 10)
    assert adapted.changes == ("`adaptiveavgpool 7x7`, which is larger than its input, was left out",)
    assert "adaptiveavgpool" not in adapted.text.split("\nuse vgg\n")[1]


def test_strict_networks_round_down_where_they_must() -> None:
    """AlexNet's windows fit 227x227 and not what is left of 32x32."""
    text = like("alexnet_paper", CIFAR, 10).text
    assert "input 32x32x3\nrounding floor\n" in text


@pytest.mark.parametrize("volume", [CIFAR, Volume((64, 64, 1))], ids=str)
@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo(name: str, volume: Volume) -> None:
    """Small images of three channels, and of one: classifiers of ImageNet are adapted, others may be refused."""
    try:
        assert cnncalc.load(like(name, volume, None).text).input == volume
    except cnncalc.SpecError as error:
        assert error.message == f"`{name}` cannot be made to fit {volume}"
        assert cnncalc.load(name).input != (224, 224, 3)


def test_claims_are_of_the_network_as_it_is_known() -> None:
    """A text of one's own with claims: they go, since the sizes change."""
    text = "input 64x64x3\nparam classes = 9\nconv 6x6x8 s2 p2 => 32x32x8 # half\npool2\nfc {classes} => 1x1x9\n"
    assert like(text, Volume((8, 8, 1)), 4).text == (
        "# Adapted to 8x8x1:\n# - `conv 6x6x8 s2 p2` became `conv 3x3x8 p1`\n"
        "input 8x8x1\nparam classes = 4\nconv 3x3x8 p1 # half\npool2\nfc {classes}\n"
    )


def fault(name: str, volume: Volume, classes: int | None = None) -> str:
    """Return the error, as it is drawn."""
    with pytest.raises(cnncalc.SpecError) as caught:
        like(name, volume, classes)
    return draw_error(caught.value)


def test_what_cannot_be_adapted() -> None:
    assert fault("vgg16", Volume((8, 8, 3))) == (
        "error[does-not-fit]: `vgg16` cannot be made to fit 8x8x3\n"
        "  = a 2x2 window is larger than the 1x1 input (line 4 of `vgg16`)\n"
        "  = take another input, or another network"
    )
    assert fault("input 8x8x3, conv 3x3x8", CIFAR, 10) == (
        "error[unknown-name]: `input 8x8x3, conv 3x3x8` has no parameter `classes`\n"
        "  = leave --classes out, and write the number into the spec"
    )
    assert fault("resnt18", CIFAR).splitlines()[:2] == [
        "error[no-such-file]: there is no file and no network of the zoo called `resnt18`",
        "  = did you mean `resnet18` of the zoo?",
    ]

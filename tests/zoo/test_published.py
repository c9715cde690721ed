"""Networks of the zoo next to what was published: parameters, sizes, errors."""

from __future__ import annotations

import re

import pytest
from torchvision import models

import cnncalc
from cnncalc import zoo
from cnncalc.analysis.depth import depth_of
from cnncalc.analysis.receptive import receptive_fields
from cnncalc.zoo.catalogue import catalogue

PARAMETERS = {
    # torchvision, or code of the authors
    "darknet19": (20_842_376, "timm 1.0's count without the norm of its last layer; the paper says 20.8 million"),
    "darknet53": (41_609_928, "timm 1.0, darknet53 with 1,000 classes in 256x256: 41.6 million"),
    "dcgan_discriminator": (2_765_568, "PyTorch's DCGAN tutorial"),
    "dcgan_generator": (3_576_704, "PyTorch's DCGAN tutorial"),
    "edsr_baseline_x2": (1_369_859, "the authors' EDSR-PyTorch, baseline x2: 1.37 million"),
    "deeplabv3_resnet50": (39_638_869, "torchvision 0.29, without its auxiliary head"),
    "fpn_resnet50": (26_852_416, "torchvision 0.29, resnet_fpn_backbone with norms that learn"),
    "googlenet_paper": (13_378_280, "Caffe's bvlc_googlenet with both auxiliary heads; 6,998,552 without"),
    "inception_resnet_v2": (55_843_464, "timm 1.0 and the authors' checkpoint"),
    "inception_v4": (42_679_816, "timm 1.0 and the authors' checkpoint"),
    "mtcnn_onet": (389_040, "facenet-pytorch"),
    "res2net50": (25_699_120, "timm 1.0, res2net50_26w_4s; the authors say 25.70 million"),
    "resnest50": (27_483_240, "timm 1.0, resnest50d; the paper says 27.5 million"),
    "senet154": (115_088_984, "the authors' Caffe model, as timm 1.0 has it"),
    "se_resnet50": (28_088_024, "the authors' Caffe model, as timm 1.0 has it"),
    "convnextv2_tiny": (28_635_496, "timm 1.0; the paper says 28.6 million"),
    "tiny_yolov2": (15_861_773, "Keras' 15,867,885 without 6,112 running statistics"),
    "yolov3": (61_949_149, "Keras' 62,001,757 without 52,608 running statistics"),
    "xception": (22_855_952, "Keras' 22,910,480 without 54,528 running statistics"),
    "yolov2": (50_962_889, "Keras' 50,983,561 without 20,672 running statistics"),
    # the paper's own figure, or arithmetic by hand
    "all_cnn_c": (1_369_738, "by hand: nine convolutions with biases; the paper says 1.3 million"),
    "c3d": (78_409_573 + 386 * 4097, "78,409,573 with 101 classes, of 4,097 parameters each"),
    "densenet_bc_100_12": (769_162, "the authors' Torch model; the paper says 0.8 million"),
    "fcn8s": (134_489_759, "VGG-16's convolutions, 14,714,688, and by hand; the paper says 134 million"),
    "nin": (966_986, "by hand: nine convolutions with biases"),
    "resnet20": (269_722, "the paper says 0.27 million; without the projections of option B"),
    "resnet56": (853_018, "the paper says 0.85 million"),
    "resnet110": (1_727_962, "the paper says 1.7 million"),
    "segnet": (29_449_355, "by hand, with two numbers of each norm; the paper's comparison says 29.45 million"),
    "unet_3d": (19_069_955 + 2 * 2336, "the paper's figure, and a scale and a shift for each of 2,336 channels"),
    "wrn_28_10": (36_479_194, "the paper says 36.5 million"),
}
"""Parameters, and where the figure comes from."""

ROUNDED = {"m5": 0.56e6, "pyramidnet110": 1.7e6, "sknet50": 27.5e6, "convnext_tiny": 28.6e6, "unet": 31.0e6}
"""What papers say in so many digits."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_that_were_published(name: str) -> None:
    assert cnncalc.load(name).params == PARAMETERS[name][0]


@pytest.mark.parametrize("name", ROUNDED)
def test_parameters_agree_with_the_digits_of_the_paper(name: str) -> None:
    assert abs(cnncalc.load(name).params / ROUNDED[name] - 1) < 0.03


def test_r2plus1d_is_torchvision_s() -> None:
    """Layer after layer: the same weights in the same order."""
    theirs = [tuple(value.shape) for value in models.video.r2plus1d_18(weights=None).parameters()]
    module = cnncalc.build(cnncalc.load("r2plus1d_18"), device="meta")
    assert [tuple(value.shape) for value in module.parameters()] == theirs


def test_deeplabv3_is_torchvision_s() -> None:
    """The same weights in the same order."""
    theirs = models.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None, aux_loss=False)
    module = cnncalc.build(cnncalc.load("deeplabv3_resnet50"), device="meta")
    shapes = [tuple(value.shape) for value in theirs.parameters()]
    assert [tuple(value.shape) for value in module.parameters()] == shapes


def test_srcnn_has_the_weights_of_the_paper() -> None:
    """Section 4.3.1: 8,032 for 9-1-5 with 64 and 32 filters, biases not counted."""
    assert cnncalc.load("srcnn").weights == 8032


def test_vnet_sees_what_the_paper_says() -> None:
    """Table 1: the receptive fields of the five stages of the left side."""
    network = cnncalc.load("vnet")
    fields = dict(zip([node.name for node in network], receptive_fields(network)[1:], strict=True))
    seen = [fields[f"{stage}.add1"] for stage in ("left1", "left2", "left3", "left4", "stage1")]
    assert [{field.size for field in axes if field} for axes in seen] == [{5}, {22}, {72}, {172}, {372}]


@pytest.mark.parametrize("name", ["resnet20", "resnet56", "resnet110", "pyramidnet110", "darknet53"])
def test_depth_is_that_of_the_name(name: str) -> None:
    assert depth_of(cnncalc.load(name)).longest_path == int(re.findall(r"\d+", name)[0])


# ---- errors


def test_every_network_has_a_row() -> None:
    assert list(catalogue()) == zoo.names()


@pytest.mark.parametrize("name", [name for name in zoo.names() if hasattr(models, name)])
def test_errors_are_those_of_torchvision_s_first_weights(name: str) -> None:
    """Its documentation's accuracies; for `regnet_y_128gf` those of the weights that saw more than ImageNet."""
    known = models.get_model_weights(name)
    weights = known.__members__.get("IMAGENET1K_V1", known.DEFAULT)
    accuracies = weights.meta["_metrics"]["ImageNet-1K"]
    row = catalogue()[name]
    assert row.top1_error_percent == pytest.approx(100 - accuracies["acc@1"], abs=0.005)
    assert row.top5_error_percent == pytest.approx(100 - accuracies["acc@5"], abs=0.005)


def test_the_winners_are_those_of_the_lecture() -> None:
    """The chart of ILSVRC's winners: top-5 errors of 16.4, 11.7, 6.7, 3.6 and 2.3 percent."""
    first = {row.ilsvrc for row in catalogue().values() if " first" in row.ilsvrc}
    assert first == {
        "2012 first: 16.4",
        "2013 first: 11.7",
        "2014 first: 6.7",
        "2015 first: 3.6",
        "2017 first: 2.3",
    }

"""Files of Caffe that train: where their images come from, which layers take part, and where the network ends."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import cnncalc as package
from cnncalc.core.source import Source
from cnncalc.foreign import read_foreign

IMAGE = 'input: "data" input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8\n'


def layer(kind: str, bottoms: str, tops: str, parameters: str = "") -> str:
    """Write a layer, whose name is that of the first volume it makes."""
    taken = " ".join([f'bottom: "{name}"' for name in bottoms.split()])
    made = " ".join([f'top: "{name}"' for name in tops.split()])
    name = (tops or "loss").split()[0]
    return f'layer {{\n  name: "{name}" type: "{kind}" {taken} {made} {parameters}\n}}\n'


def conv(bottom: str, top: str, filters: int) -> str:
    """Write a 1x1 convolution."""
    return layer("Convolution", bottom, top, f"convolution_param {{ num_output: {filters} kernel_size: 1 }}")


@pytest.mark.parametrize(
    ("source", "volume"),
    [
        (layer("Data", "", "data label", "transform_param { crop_size: 24 }"), "24x24x3"),
        (layer("Data", "", "data label", "transform_param { crop_size: 24 force_gray: true }"), "24x24x1"),
        (layer("ImageData", "", "data label", "image_data_param { new_height: 20 new_width: 30 }"), "20x30x3"),
        (
            layer("ImageData", "", "data label", "image_data_param { new_height: 20 new_width: 30 is_color: false }"),
            "20x30x1",
        ),
        (
            layer("AnnotatedData", "", "data label", "transform_param { resize_param { height: 300 width: 200 } }"),
            "300x200x3",
        ),
        (
            layer("DummyData", "", "data", "dummy_data_param { shape { dim: 9 dim: 5 dim: 6 dim: 7 } }"),
            "6x7x5",
        ),
        (
            layer("MemoryData", "", "data", "memory_data_param { batch_size: 1 channels: 2 height: 6 width: 7 }"),
            "6x7x2",
        ),
    ],
)
def test_the_size_of_the_images_is_what_the_source_says(source: str, volume: str) -> None:
    assert str(package.load(source + conv("data", "c", 2)).input) == volume


def test_layers_of_the_phase_train_are_left_out() -> None:
    """Of a pair of sources the one that tests is read; `exclude` leaves out, too."""
    text = layer("Data", "", "data label", "include { phase: TRAIN } transform_param { crop_size: 24 }")
    text += layer("Data", "", "data label", "include { phase: TEST } transform_param { crop_size: 32 }")
    text += conv("data", "a", 2) + layer("Dropout", "a", "a", "exclude { phase: TEST }")
    network = package.load(text)
    assert [str(network.input), *[node.written.split()[0] for node in network]] == ["32x32x3", "conv"]


def test_a_file_that_only_trains_is_read_as_it_trains() -> None:
    text = layer("Data", "", "data label", "include { phase: TRAIN } transform_param { crop_size: 24 }")
    text += layer("ReLU", "data", "a", "include { phase: TRAIN }") + conv("a", "c", 2)
    assert [node.written.split()[0] for node in package.load(text)] == ["relu", "conv"]


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [
        (layer("SoftmaxWithLoss", "c label", "loss"), "8x8x2"),
        (layer("MultinomialLogisticLoss", "c label", "loss"), "8x8x2"),
        (layer("SmoothL1LossOHEM", "c label", "loss"), "8x8x2"),
        (layer("Python", "c label", "loss"), "8x8x2"),
        (layer("Flatten", "label", "flat") + layer("EuclideanLoss", "c flat", "loss"), "8x8x2"),
        (conv("data", "d", 3) + layer("ContrastiveLoss", "c d label", "loss"), "c 8x8x2, d 8x8x3"),
    ],
)
def test_a_network_ends_in_front_of_its_loss(loss: str, outputs: str) -> None:
    """Labels are no part of the network, and neither is what is made of them."""
    text = layer("Data", "", "data label", "transform_param { crop_size: 8 }") + conv("data", "c", 2) + loss
    assert package.load(text).outputs_text == outputs


def test_a_batch_norm_and_the_scale_behind_it_are_one_layer() -> None:
    """Caffe's BatchNorm learns nothing; PyTorch's has the two numbers per channel of the Scale."""
    text = IMAGE + layer("BatchNorm", "data", "n", "batch_norm_param { eps: 0.001 }")
    text += layer("Scale", "n", "n", "scale_param { bias_term: true }") + layer("ReLU", "n", "n")
    network = package.load(text)
    assert [(node.written, node.params) for node in network] == [("bn eps=0.001", 8), ("relu", 0)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (layer("Scale", "n", "s"), ["bn noaffine", "scale"]),
        (layer("Scale", "n", "s", "scale_param { bias_term: true }") + layer("ReLU", "n", "r"), None),
        (layer("ReLU", "n", "n") + layer("Scale", "n", "s", "scale_param { bias_term: true }"), None),
    ],
)
def test_they_stay_two_where_they_are_not_one(text: str, written: list[str] | None) -> None:
    """A Scale without a shift, one whose batch norm something else reads, too, and one behind another layer."""
    network = package.load(IMAGE + layer("BatchNorm", "data", "n") + text)
    found = [node.written for node in network]
    assert found == written if written else sorted(found) == ["bn noaffine", "dwconv 1x1", "relu"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }"),
            lambda x: x.reshape(2, 2, 16, 8),
        ),
        (
            layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 4 dim: -1 } }"),
            lambda x: x.reshape(2, 4, 64, 1),
        ),
        (layer("BNLL", "data", "y"), functional.softplus),
        (
            layer("Pooling", "data", "y", "pooling_param { kernel_size: 3 stride: 2 ceil_mode: false }"),
            lambda x: functional.max_pool2d(x, 3, 2),
        ),
    ],
)
def test_a_layer_makes_what_caffe_documents(text: str, expected: object) -> None:
    network = package.load(IMAGE + text)
    images = torch.rand(2, 4, 8, 8) - 0.5
    torch.testing.assert_close(package.build(network)(images), expected(images))  # type: ignore[operator]


def test_a_reshape_of_an_image_whose_size_is_not_said() -> None:
    """The letters of the spec that is written stand for what arrives."""
    text = 'input: "data"\n' + layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }")
    translation = read_foreign(Source("text", text))
    assert translation is not None
    assert "reshape {C*H*W/(2*W)}x{W}x2" in translation.spec.text
    assert str(package.load(translation.spec.text, input="8x6x4").output) == "16x6x2"


def test_volumes_have_three_spatial_sizes_where_the_input_has() -> None:
    """V-Net reads scans: dimensions of the input are images, channels, and three sizes."""
    text = 'input: "data" input_shape { dim: 1 dim: 1 dim: 16 dim: 16 dim: 8 }\n'
    text += layer("Convolution", "data", "c", "convolution_param { num_output: 4 kernel_size: 5 pad: 2 stride: 2 }")
    text += layer("Deconvolution", "c", "d", "convolution_param { num_output: 2 kernel_size: 2 stride: 2 }")
    network = package.load(text)
    assert str(network.output) == "16x16x8x2"
    assert network.params == 4 * (125 + 1) + 2 * (4 * 8 + 1)


def test_a_depthwise_convolution_has_its_filters_and_its_dilation() -> None:
    parameters = "convolution_param { num_output: 8 kernel_size: 3 dilation: 2 pad: 2 }"
    network = package.load(IMAGE + layer("ConvolutionDepthwise", "data", "c", parameters))
    assert (network.params, str(network.output)) == (8 * (9 + 1), "8x8x8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            IMAGE + layer("Python", "data", "rois") + layer("ROIPooling", "data rois", "pool"),
            "text:5:1: it pools regions that are found while it runs, and a spec has no layer that does",
        ),
        (
            IMAGE + layer("Python", "data", "rois") + conv("rois", "c", 2),
            "text:5:1: it takes what `Python` makes, and a spec has no word for that",
        ),
        (
            IMAGE + layer("InnerProduct", "data", "y", "inner_product_param { num_output: 2 axis: 2 }"),
            "text:3:58: only an InnerProduct of all values of an image is read, with axis 1",
        ),
        (
            'input: "data" input_shape { dim: 1 dim: 2 dim: 4 dim: 4 dim: 4 }\n'
            + layer("Interp", "data", "y", "interp_param { height: 8 width: 8 }"),
            "text:2:1: only an Interp to a size that is written or follows from its input is read",
        ),
        (IMAGE + layer("Crop", "data", "y"), "text:2:1: a Crop takes two volumes, not 1"),
        (
            IMAGE + layer("Crop", "data data", "y", "crop_param { offset: 1 offset: 2 offset: 3 }"),
            "text:2:1: 8x8x4 is cropped to 8x8x4, with 3 offsets",
        ),
        (
            IMAGE + layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 3 dim: -1 dim: 0 } }"),
            "text:2:1: its sizes have 240 values, but 256 arrive",
        ),
        (
            'net: "models/lenet.prototxt"\nbase_lr: 0.01\n',
            "text:1:1: this is a solver of Caffe; its network is in another file, `models/lenet.prototxt`\n"
            "  = give that file: no other file is opened",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(package.SpecError) as caught:
        package.load(text)
    assert str(caught.value) == message

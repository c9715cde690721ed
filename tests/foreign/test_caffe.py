"""Layers of Caffe beyond those of classifiers: several inputs, shared weights, boxes, sums with factors, crops."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

import cnncalc as package

INPUT = 'input: "data" input_dim: 1 input_dim: 4 input_dim: 8 input_dim: 8\n'
CONV = (
    'layer {{ name: "{0}" type: "Convolution" bottom: "{1}" top: "{0}" '
    "convolution_param {{ num_output: {2} kernel_size: 1 }} }}\n"
)


def layer(kind: str, bottoms: str, top: str, parameters: str = "") -> str:
    """Write a layer."""
    taken = " ".join([f'bottom: "{bottom}"' for bottom in bottoms.split()])
    return f'layer {{ name: "{top}" type: "{kind}" {taken} top: "{top}" {parameters} }}\n'


def computed(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random images of 8x8x4, and what a network makes of them."""
    images = torch.rand(2, 4, 8, 8) - 0.5
    with torch.no_grad():
        return images, package.build(package.load(INPUT + text), seed=0).eval()(images)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (layer("Power", "data", "y", "power_param { scale: 0.5 shift: 1 }"), lambda x: 0.5 * x + 1),
        (layer("AbsVal", "data", "y"), torch.abs),
        (layer("Clip", "data", "y", "clip_param { min: 0 max: 6 }"), functional.relu6),
        (layer("ShuffleChannel", "data", "y", "shuffle_channel_param { group: 2 }"), lambda x: x[:, [0, 2, 1, 3]]),
        (layer("Upsample", "data", "y", "upsample_param { scale: 2 }"), lambda x: functional.interpolate(x, (16, 16))),
        (
            layer("Interp", "data", "y", "interp_param { zoom_factor: 2 }"),
            lambda x: functional.interpolate(x, (15, 15), mode="bilinear", align_corners=True),
        ),
        (
            layer("Interp", "data", "y", "interp_param { height: 5 width: 4 }"),
            lambda x: functional.interpolate(x, (5, 4), mode="bilinear", align_corners=True),
        ),
        (
            layer("Normalize", "data", "y", "norm_param { across_spatial: false scale_filler { value: 20 } }"),
            lambda x: 20 * functional.normalize(x),
        ),
        (layer("MVN", "data", "y"), functional.instance_norm),
        (layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: -1 } }"), lambda x: x.flatten(1)),
        (
            layer("Reshape", "data", "y", "reshape_param { shape { dim: 0 dim: 2 dim: 16 dim: 8 } }"),
            lambda x: x.reshape(2, 2, 16, 8),
        ),
        (
            layer("TanH", "data", "t") + layer("Eltwise", "data t", "y", "eltwise_param { coeff: 1 coeff: -1 }"),
            lambda x: x - x.tanh(),
        ),
        (
            layer("TanH", "data", "t") + layer("Eltwise", "data t", "y", "eltwise_param { coeff: 2 coeff: 0.5 }"),
            lambda x: 2 * x + 0.5 * x.tanh(),
        ),
        (
            layer("Pooling", "data", "p", "pooling_param { pool: AVE global_pooling: true }")
            + layer("Axpy", "p data data", "y"),
            lambda x: x.mean((2, 3), keepdim=True) * x + x,
        ),
        (
            layer("Pooling", "data", "p", "pooling_param { pool: AVE global_pooling: true }")
            + layer("Scale", "data p", "y", "scale_param { axis: 0 }"),
            lambda x: x.mean((2, 3), keepdim=True) * x,
        ),
        (
            layer("Pooling", "data", "p", "pooling_param { kernel_size: 2 stride: 2 }")
            + layer("Crop", "data p", "c", "crop_param { axis: 2 offset: 3 }")
            + layer("Eltwise", "c p", "y"),
            lambda x: x[:, :, 3:7, 3:7] + functional.max_pool2d(x, 2),
        ),
    ],
)
def test_a_layer_computes_what_caffe_documents(text: str, expected: object) -> None:
    images, made = computed(text)
    torch.testing.assert_close(made, expected(images))  # type: ignore[operator]


def test_the_network_of_a_detector_ends_where_its_boxes_are_looked_for() -> None:
    """Two heads of SSD: what they make is moved about, and compared with priors."""
    text = CONV.format("loc", "data", 16) + CONV.format("conf", "data", 84)
    order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
    for name in ("loc", "conf"):
        text += layer("Permute", name, f"{name}_perm", order) + layer("Flatten", f"{name}_perm", f"{name}_flat")
    text += layer("Softmax", "conf_flat", "scores") + layer("PriorBox", "data data", "priors")
    text += layer("DetectionOutput", "loc_flat scores priors", "found")
    network = package.load(INPUT + text)
    assert network.outputs_text == "loc 8x8x16, conf 8x8x84"
    with pytest.raises(package.SpecError) as caught:
        package.load(INPUT + text + CONV.format("again", "loc_perm", 3))
    assert caught.value.message == "it takes what `Permute` makes, and a spec has no word for that"


def test_towers_of_two_images_share_their_weights() -> None:
    """Caffe's example of a siamese network: parameters of one name are one."""
    text = "".join(
        f'input: "{name}" input_dim: 1 input_dim: 1 input_dim: 28 input_dim: 28\n' for name in ("left", "right")
    )
    for name in ("left", "right"):
        parameters = 'param { name: "w" } param { name: "b" } convolution_param { num_output: 20 kernel_size: 5 }'
        text += layer("Convolution", name, f"conv_{name}", parameters)
    network = package.load(text)
    assert (network.params, network.input_names) == (20 * 26, ("left", "right"))
    assert network.outputs_text == "conv_left 24x24x20, conv_right 24x24x20"


def test_several_input_layers() -> None:
    shape = "input_param {{ shape {{ dim: 1 dim: {} dim: 8 dim: 8 }} }}"
    text = "".join(
        f'layer {{ name: "{name}" type: "Input" top: "{name}" {shape.format(channels)} }}\n'
        for name, channels in (("rgb", 3), ("depth", 1))
    )
    network = package.load(text + layer("Concat", "rgb depth", "both") + CONV.format("c", "both", 2))
    assert (network.params, str(network.output)) == (10, "8x8x2")

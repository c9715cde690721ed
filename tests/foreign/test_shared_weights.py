"""Layers that are called several times, and that a spec writes as several: each of these has weights of its own."""

from __future__ import annotations

import cnncalc

IMAGE = "input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } }"


def test_a_separable_convolution_that_is_called_twice() -> None:
    """Keras' layer has a depthwise kernel of 3x3x3 and a pointwise one of 3x8 with 8 biases, all of them once."""
    text = (
        "from keras import layers, Input, Model\n"
        "image = Input((32, 32, 3))\n"
        "separable = layers.SeparableConv2D(8, 3)\n"
        "back = layers.Conv2D(3, 1)\n"
        "model = Model(inputs=image, outputs=separable(back(separable(image))))\n"
    )
    assert cnncalc.load(text).params == (3 * 3 * 3 + 3 * 8 + 8) + (8 * 3 + 3)


def test_towers_share_the_learned_weights_of_layers_that_have_some() -> None:
    """Caffe's BatchNorm keeps statistics and learns nothing; its Normalize learns one factor behind the norm."""
    text = ""
    for side in ("left", "right"):
        text += f'layer {{ name: "{side}" type: "Input" top: "{side}" {IMAGE} }}\n'
        text += (
            f'layer {{ name: "c{side}" type: "Convolution" bottom: "{side}" top: "c{side}" '
            'param { name: "w" } param { name: "b" } convolution_param { num_output: 8 kernel_size: 3 } }\n'
            f'layer {{ name: "b{side}" type: "BatchNorm" bottom: "c{side}" top: "b{side}" '
            'param { name: "mean" } param { name: "variance" } param { name: "count" } }\n'
            f'layer {{ name: "n{side}" type: "Normalize" bottom: "b{side}" top: "n{side}" '
            'param { name: "length" } norm_param { across_spatial: false } }\n'
        )
    text += 'layer { name: "sum" type: "Eltwise" bottom: "nleft" bottom: "nright" top: "sum" }\n'
    assert cnncalc.load(text).params == 8 * (3 * 3 * 3 + 1) + 1

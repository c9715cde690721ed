"""The layers of the language, one file per family.

Importing this package registers every word.
"""

from cnncalc.layers import (
    activation,
    adaptive,
    channel_convolution,
    channels,
    constants,
    convolution,
    linear,
    local,
    merging,
    normalisation,
    parts,
    piecewise,
    pooling,
    rearranging,
    reductions,
    regularisation,
    resizing,
    response,
    softmax,
    transposed,
    unpooling,
    upsampling,
)
from cnncalc.layers.arguments import Arguments, Labelled
from cnncalc.layers.base import Layer, MatrixProduct, Reach, Sources
from cnncalc.layers.registry import class_of, find, foreign, layers, spoken, words

__all__ = [
    "Arguments",
    "Labelled",
    "Layer",
    "MatrixProduct",
    "Reach",
    "Sources",
    "activation",
    "adaptive",
    "channel_convolution",
    "channels",
    "class_of",
    "constants",
    "convolution",
    "find",
    "foreign",
    "layers",
    "linear",
    "local",
    "merging",
    "normalisation",
    "parts",
    "piecewise",
    "pooling",
    "rearranging",
    "reductions",
    "regularisation",
    "resizing",
    "response",
    "softmax",
    "spoken",
    "transposed",
    "unpooling",
    "upsampling",
    "words",
]

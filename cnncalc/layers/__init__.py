"""The layers of the language, one file per family.

Importing this package registers the words that most networks have; those of other files (`registry.SELDOM`) are
registered when one of them is met.
"""

from cnncalc.layers import (
    activation,
    adaptive,
    batch_normalisation,
    constants,
    convolution,
    linear,
    mean_pooling,
    merging,
    normalisation,
    pooling,
    regularisation,
    resizing,
    softmax,
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
    "batch_normalisation",
    "class_of",
    "constants",
    "convolution",
    "find",
    "foreign",
    "layers",
    "linear",
    "mean_pooling",
    "merging",
    "normalisation",
    "pooling",
    "regularisation",
    "resizing",
    "softmax",
    "spoken",
    "words",
]

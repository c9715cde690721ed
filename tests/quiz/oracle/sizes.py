"""Sizes, as PyTorch makes them."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import nn

from cnncalc.quiz import Exercise
from tests.quiz.oracle.networks import conv, empty, layers_of, meta, size_of
from tests.quiz.oracle.reading import asks


@asks(
    "convolution-output",
    "An input of #x#x# goes through # filters of #x# with stride # and padding #. Which volume comes out?",
)
def _(_: Exercise, h: int, w: int, c: int, k: int, f: int, _f: int, s: int, p: int) -> str:
    return size_of(conv(c, k, f, s, p)(empty(h, w, c)))


@asks(
    "pooling-output",
    "A volume of #x#x# goes through max pooling of #x# with stride #. Which volume comes out?",
)
def _(_: Exercise, h: int, w: int, c: int, f: int, _f: int, s: int) -> str:
    return size_of(nn.MaxPool2d(f, s)(empty(h, w, c)))


@asks(
    "padding-words",
    "An input of #x#x# goes through # filters of #x# with stride 1 and “??” padding. Which volume comes out?",
)
def _(_: Exercise, h: int, w: int, c: int, k: int, f: int, _f: int, word: str) -> str:
    return size_of(meta(nn.Conv2d, c, k, f, padding=word)(empty(h, w, c)))


@asks(
    "flattened-length",
    "A volume of #x#x# is stretched to a vector, in front of a fully connected layer. How many numbers does the vector "
    "have?",
)
def _(_: Exercise, h: int, w: int, c: int) -> str:
    return f"{empty(h, w, c).flatten(1).shape[1]:,}"


@asks(
    "image-shape",
    "A colour photo is # pixels high and # pixels wide. Pillow and Matplotlib read it as an array of NumPy. Which "
    "shape does the array have?",
)
def _(_: Exercise, h: int, w: int) -> str:
    import numpy
    from PIL import Image

    return str(numpy.asarray(Image.new("RGB", (w, h))).shape)


@asks(
    "chain-output",
    "An input of #x#x# goes through these layers, one after the other. Which volume comes out?",
)
def _(exercise: Exercise, h: int, _w: int, c: int) -> str:
    return size_of(nn.Sequential(*layers_of(exercise, h, c))(empty(h, h, c)))


@asks(
    "filter-from-sizes",
    "A convolution with stride 1 and padding # makes #x#x# of an input of #x#x#. Which filters does it have?",
)
def _(_: Exercise, p: int, h2: int, w2: int, c2: int, h: int, w: int, c: int) -> Callable[[str], bool]:
    def right(answer: str) -> bool:
        filters, kernel = map(int, re.fullmatch(r"(\d+) filters? of (\d+)x\2", answer).groups())  # type: ignore[union-attr]
        return size_of(conv(c, filters, kernel, 1, p)(empty(h, w, c))) == f"{h2}x{w2}x{c2}"

    return right


@asks(
    "dilated-output",
    "An input of #x#x# goes through # filters of #x# with dilation #, stride 1 and padding #. Which volume comes out?",
)
def _(_: Exercise, h: int, w: int, c: int, k: int, f: int, _f: int, d: int, p: int) -> str:
    return size_of(conv(c, k, f, 1, p, dilation=d)(empty(h, w, c)))


@asks(
    "rounded-output",
    "PyTorch rounds down where a window does not fit. What does it make of an input of #x#x# with # filters of #x#, "
    "stride # and padding #?",
)
def _(_: Exercise, h: int, w: int, c: int, k: int, f: int, _f: int, s: int, p: int) -> str:
    return size_of(conv(c, k, f, s, p)(empty(h, w, c)))


@asks(
    "transposed-output",
    "A transposed convolution has # filters of #x#, stride # and padding #. Which volume does it make of #x#x#?",
)
def _(_: Exercise, k: int, f: int, _f: int, s: int, p: int, h: int, w: int, c: int) -> str:
    return size_of(meta(nn.ConvTranspose2d, c, k, f, s, p)(empty(h, w, c)))


@asks(
    "matrix-shapes",
    "A convolution with # filters of #x# and stride #, without padding, on an input of #x#x# is computed as a product "
    "of two matrices (im2col), of which the first has a filter in each row. Which shapes do they have?",
)
def _(_: Exercise, k: int, f: int, _f: int, s: int, h: int, w: int, c: int) -> str:
    _, inner, columns = nn.Unfold(f, stride=s)(empty(h, w, c)).shape
    return f"[{k} x {inner}] · [{inner} x {columns}]"

"""Layers from the rows of a summary: a kind, what comes out, and a number of parameters.

A summary states no kernel, stride or padding. The parameters say how large a kernel is, and the volumes on both sides
which stride and padding lead from one to the other; where several do, the usual ones are taken. Every row's volume and
parameters are claims, so that what is worked out is what is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import quoted
from cnncalc.foreign.summary_windows import (
    Arriving,
    convolution,
    depthwise,
    pool,
    separable,
    transposed,
)
from cnncalc.foreign.written_sizes import joined, short_sizes


def layer_of_row(arriving: Arriving) -> str:
    """Return the layer of a row as a spec writes it; "" for one that does nothing to a volume.

    Raises:
        SpecError: ``cannot-import`` where no layer of this kind leads from one volume to the other.
    """
    kind = arriving.row.kind
    reader = _READERS.get(_plain(kind))
    if reader is None:
        hints = did_you_mean(_plain(kind), _READERS)
        message = f"a summary does not say what {quoted(kind)} does with what it holds"
        arriving.draft.refuse(arriving.row.span, message, hints=hints)
    return reader(arriving)


def is_layer(kind: str) -> bool:
    """Say whether a row of this kind is a layer, and not a module that holds others."""
    return _plain(kind) in _READERS


def _plain(kind: str) -> str:
    """Return a kind without its dimensions: ``conv`` for Conv2d, ``maxpool`` for MaxPooling2D."""
    plain = kind.lower().replace("_", "").replace("pooling", "pool").replace("average", "avg")
    for ending in ("1dtranspose", "2dtranspose", "3dtranspose"):
        plain = plain.replace(ending, "transpose")
    return plain[:-2] if plain[-2:] in ("1d", "2d", "3d") else plain


def _fc(arriving: Arriving) -> str:
    if max(arriving.row.output.spatial) > 1:  # along the channels of each position
        return convolution(arriving)
    outputs = arriving.row.output.channels
    bias = arriving.parameters == (arriving.source.values + 1) * outputs
    return f"fc {outputs}{'' if bias or arriving.parameters % outputs else ' nobias'}"


def _norm(arriving: Arriving) -> str:
    channels = arriving.source.channels
    if arriving.pads_same and arriving.row.kind == "BatchNormalization":  # Keras counts running means and variances
        # a third of them is a shift or a scale: Inception and other networks of Keras learn shifts alone
        return {2 * channels: "bn noaffine", 3 * channels: "bn noscale"}.get(arriving.parameters, "bn")
    if arriving.parameters == channels:  # the option of PyTorch's own leaves out the shifts
        return "bn noshift"
    return "bn" if arriving.parameters else "bn noaffine"


def _adaptive(word: str, whole: str) -> Callable[[Arriving], str]:
    def read(arriving: Arriving) -> str:
        sizes = arriving.row.output.spatial
        return whole if set(sizes) == {1} else f"{word} {joined(sizes)}"

    return read


def _upsample(arriving: Arriving) -> str:
    pairs = list(zip(arriving.source.spatial, arriving.row.output.spatial, strict=True))
    if any(made % size for size, made in pairs):
        arriving.fail("it does not enlarge by whole factors")
    return f"upsample x{short_sizes([made // size for size, made in pairs])}"


def _padding(arriving: Arriving) -> str:
    sides = []
    for size, made in zip(arriving.source.spatial, arriving.row.output.spatial, strict=True):
        if made < size:
            arriving.fail("it makes the volume smaller")
        before = (made - size) // 2
        sides.append(f"{before}:{made - size - before}")
    return f"pad {'x'.join(sides)}"


def _reshape(arriving: Arriving) -> str:
    made, source = arriving.row.output, arriving.source
    if made.values != source.values:
        arriving.fail(f"{source} has {source.values:,} values, and {made} has {made.values:,}")
    return "" if made == source else "flatten" if max(made.spatial) == 1 else f"reshape {made}"


def _prelu(arriving: Arriving) -> str:
    return "prelu" if arriving.parameters == 1 else "prelu perchannel"


def _word(word: str) -> Callable[[Arriving], str]:
    return lambda arriving: word


_READERS: Mapping[str, Callable[[Arriving], str]] = {
    "conv": convolution,
    "separableconv": separable,
    "depthwiseconv": depthwise,
    "convtranspose": transposed,
    "maxpool": pool("maxpool"),
    "avgpool": pool("avgpool"),
    "adaptiveavgpool": _adaptive("adaptiveavgpool", "gap"),
    "adaptivemaxpool": _adaptive("adaptivemaxpool", "gmp"),
    "globalavgpool": _word("gap"),
    "globalmaxpool": _word("gmp"),
    "linear": _fc,
    "dense": _fc,
    "flatten": _word("flatten"),
    "reshape": _reshape,
    "batchnorm": _norm,
    "batchnormalization": _norm,
    "layernorm": _word("ln"),
    "layernormalization": _word("ln"),
    "zeropad": _padding,
    "zeropadding": _padding,
    "upsample": _upsample,
    "upsampling": _upsample,
    "prelu": _prelu,
    "activation": _word(""),
    "identity": _word(""),
    "relu": _word("relu"),
    "relu6": _word("relu6"),
    "leakyrelu": _word("leakyrelu"),
    "elu": _word("elu"),
    "selu": _word("selu"),
    "gelu": _word("gelu"),
    "silu": _word("silu"),
    "hardswish": _word("hardswish"),
    "hardsigmoid": _word("hardsigmoid"),
    "mish": _word("mish"),
    "sigmoid": _word("sigmoid"),
    "tanh": _word("tanh"),
    "softmax": _word("softmax"),
    "logsoftmax": _word("logsoftmax"),
    "localresponsenorm": _word("lrn 5"),
    "dropout": _word("dropout"),
    "spatialdropout": _word("dropout2d"),
    "rescaling": _word(""),
    "normalization": _word(""),
    "randomflip": _word(""),
    "randomrotation": _word(""),
    "randomzoom": _word(""),
    "randomcontrast": _word(""),
    "randomtranslation": _word(""),
}

"""Networks of Caffe: a deploy prototxt. Its convolutions round down, its pools up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.prototxt import Message, PrototxtParser
from cnncalc.layers.written import short

_MARKS = re.compile(r"^\s*layers?\s*:?\s*\{", re.MULTILINE)
_TYPE = re.compile(r"^\s*(?:layers?\s*:?\s*\{.*)?\btype\s*:\s*[\"'A-Z]", re.MULTILINE)
_WITHOUT_OUTPUT = ("Accuracy", "Silence", "HDF5Output")
_SOURCES = ("Data", "ImageData", "HDF5Data", "DummyData", "MemoryData", "WindowData", "AnnotatedData", "Python")
_LOSSES = {"SoftmaxWithLoss": "softmax", "SigmoidCrossEntropyLoss": "sigmoid", "EuclideanLoss": "", "HingeLoss": ""}


class CaffePrototxt(ForeignFormat):
    """``layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { … } }``"""

    what = "a Caffe prototxt"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return _MARKS.search(head) is not None and _TYPE.search(head) is not None

    def read(self, source: Source) -> Draft:
        draft = Draft(source, self.what)
        _Network(draft, PrototxtParser(source).parse()).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this network has no layers")
        return draft


class _Network:
    def __init__(self, draft: Draft, root: Message) -> None:
        self.draft = draft
        self.root = root
        self.made: dict[str, int] = {}
        self.read_names: set[str] = set()

    def read(self) -> None:
        self.inputs()
        for layer in self.root.messages("layer", "layers"):
            if self.takes_part(layer):
                self.layer(layer)
        ends = [index for name, index in self.made.items() if name not in self.read_names and index != INPUT]
        found = list(dict.fromkeys(ends))
        if found and found != [self.draft.last]:
            self.draft.outputs = found

    def inputs(self) -> None:
        """Read ``input: "data" input_dim: 1 input_dim: 3 …`` of older files."""
        names = [str(name) for name in self.root.all("input")]
        if not names:
            return
        sizes = [size for size in self.root.all("input_dim") if isinstance(size, int)]
        shape = next(self.root.messages("input_shape"), None)
        if shape is not None:
            sizes = [size for size in shape.all("dim") if isinstance(size, int)]
        self.input(names[0], sizes, self.root)

    def input(self, name: str, sizes: list[int], message: Message) -> None:
        if len(sizes) < 2 or any(size < 1 for size in sizes[1:]):
            self.draft.damaged(message.span, "the dimensions of the input cannot be read")
        self.draft.input = "x".join(map(str, (*sizes[2:4], sizes[1])))
        self.made[name] = INPUT

    def takes_part(self, layer: Message) -> bool:
        """Say whether a layer is there when the network is used, and not only when it is trained."""
        kind = _type(layer)
        phases = [rule.text("phase") for rule in layer.messages("include")]
        if "TRAIN" in phases and "TEST" not in phases:
            return False
        return kind not in _WITHOUT_OUTPUT

    def layer(self, layer: Message) -> None:
        kind, name = _type(layer), layer.text("name")
        tops = [str(top) for top in layer.all("top")]
        if kind in ("Input", *_SOURCES):
            self.data(layer, kind, tops)
            return
        bottoms = [str(bottom) for bottom in layer.all("bottom")]
        if not tops and kind not in _LOSSES:
            layer.fail(f"the layer {quoted(name)} makes nothing: it has no `top`")
        labels = bottoms[1:] if kind in _LOSSES else []
        inputs = [self.index(bottom, layer) for bottom in bottoms if bottom not in labels]
        if not inputs:
            layer.fail(f"the layer {quoted(name)} takes nothing: it has no `bottom`")
        self.read_names |= {bottom for bottom in bottoms if bottom not in tops}
        self.tops(layer, kind, name, inputs, tops or [name])

    def tops(self, layer: Message, kind: str, name: str, inputs: list[int], tops: list[str]) -> None:
        if kind == "Split":
            for top in tops:
                self.made[top] = inputs[0]
        elif kind == "Slice":
            self.slices(layer, inputs[0], tops)
        elif kind in ("Concat", "Eltwise"):
            self.made[tops[0]] = self.merge(layer, kind, name, inputs)
        else:
            words = self.words(layer, kind)
            index = self.draft.add(words, layer.span, inputs, name=name) if words else inputs[0]
            self.made[tops[0]] = index

    def data(self, layer: Message, kind: str, tops: list[str]) -> None:
        """Read where the images come from."""
        name = tops[0] if tops else "data"
        shape = layer.message("input_param").message("shape")
        sizes = [size for size in shape.all("dim") if isinstance(size, int)]
        if kind == "Input":
            if name in self.made or self.made:
                self.draft.refuse(layer.span, "a network with several inputs is not read")
            self.input(name, sizes, layer)
            return
        crop = layer.message("transform_param").number("crop_size", 0)
        if crop and not self.draft.input:
            self.draft.input = f"{crop}x{crop}x3"
        self.draft.like = self.draft.like or "HxWxC"
        self.made.setdefault(name, INPUT)

    def index(self, name: str, layer: Message) -> int:
        if name not in self.made:
            if not self.made and not self.draft.steps:
                self.draft.like = "HxWx3"
                self.made[name] = INPUT
            else:
                hints = did_you_mean(name, self.made)
                self.draft.damaged(layer.span, f"no layer in front of this one makes {quoted(name)}", hints=hints)
        return self.made[name]

    def merge(self, layer: Message, kind: str, name: str, inputs: list[int]) -> int:
        if kind == "Concat":
            param = layer.message("concat_param")
            if param.number("axis", param.number("concat_dim", 1)) != 1:
                self.draft.refuse(layer.span, "only channels are concatenated, along axis 1")
            return self.draft.join("concat", inputs, layer.span, name=name)
        operation = layer.message("eltwise_param").text("operation", "SUM")
        factors = layer.message("eltwise_param").all("coeff")
        if any(factor != 1 for factor in factors):
            self.draft.refuse(layer.span, "its sum has factors, and an `add` has none")
        merges = {"SUM": "add", "1": "add", "PROD": "mul", "0": "mul", "MAX": "max", "2": "max"}
        if operation not in merges:
            layer.fail(f"Caffe has no operation {quoted(operation)}")
        return self.draft.join(merges[operation], inputs, layer.span, name=name)

    def slices(self, layer: Message, index: int, tops: list[str]) -> None:
        param = layer.message("slice_param")
        points = [point for point in param.all("slice_point") if isinstance(point, int)]
        if param.number("axis", 1) != 1:
            self.draft.refuse(layer.span, "only channels are sliced, along axis 1")
        count = len(tops)
        cuts = [str(point) for point in points] or [f"{{{place}*C/{count}}}" for place in range(1, count)]
        if len(cuts) != count - 1:
            layer.fail(f"{count} volumes are cut at {count - 1} places, not at {len(cuts)}")
        for top, start, stop in zip(tops, ["0", *cuts], [*cuts, "{C}"], strict=True):
            self.made[top] = self.draft.add(f"slice {start}:{stop}", layer.span, [index], name=top)

    def words(self, layer: Message, kind: str) -> list[str]:
        if kind in _LOSSES:
            return [_LOSSES[kind]] if _LOSSES[kind] else []
        reader = _READERS.get(kind)
        if reader is None:
            hints = did_you_mean(kind, _READERS)
            message = f"a spec has no word for Caffe's layer {quoted(kind)}" if kind else "this layer has no type"
            self.draft.refuse(layer.span, message, hints=hints)
        return reader(layer)


_OLD_TYPES = {
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "RELU": "ReLU",
    "TANH": "TanH",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
}


def _type(layer: Message) -> str:
    """Return a layer's type; older files write ``CONVOLUTION`` for ``"Convolution"``."""
    kind = layer.text("type")
    if kind.isupper() and kind not in _READERS:
        return _OLD_TYPES.get(kind, "".join([part.capitalize() for part in kind.split("_")]))
    return kind


def _size(param: Message, name: str, usual: int | None = None) -> list[int]:
    """Return height and width of a kernel, a stride or a padding."""
    word = {"kernel_size": "kernel"}.get(name, name)
    if param.all(f"{word}_h") or param.all(f"{word}_w"):
        return [param.number(f"{word}_h", usual), param.number(f"{word}_w", usual)]
    values = [value for value in param.all(name) if isinstance(value, int)]
    if len(values) == 2:
        return values
    return [param.number(name, usual)] * 2


def _option(prefix: str, numbers: list[int], usual: int | None) -> str:
    if all(number == usual for number in numbers):
        return ""
    return f" {prefix}{numbers[0] if numbers[0] == numbers[1] else 'x'.join(map(str, numbers))}"


def _convolution(layer: Message) -> list[str]:
    param = layer.message("convolution_param")
    kernel = "x".join(map(str, _size(param, "kernel_size")))
    options = _option("s", _size(param, "stride", 1), 1) + _option("p", _size(param, "pad", 0), 0)
    options += _option("d", _size(param, "dilation", 1), 1)
    groups = param.number("group", 1)
    options += f" g{groups}" if groups != 1 else ""
    options += "" if param.is_set("bias_term", True) else " nobias"
    word = "deconv" if _type(layer) == "Deconvolution" else "conv"
    return [f"{word} {kernel}x{param.number('num_output')}{options}"]


def _depthwise(layer: Message) -> list[str]:
    param = layer.message("convolution_param")
    options = _option("s", _size(param, "stride", 1), 1) + _option("p", _size(param, "pad", 0), 0)
    options += "" if param.is_set("bias_term", True) else " nobias"
    return [f"dwconv {'x'.join(map(str, _size(param, 'kernel_size')))}{options}"]


def _pooling(layer: Message) -> list[str]:
    param = layer.message("pooling_param")
    kind = {"0": "MAX", "1": "AVE"}.get(param.text("pool", "MAX"), param.text("pool", "MAX"))
    if kind not in ("MAX", "AVE"):
        param.fail(f"Caffe's pool {quoted(kind)} has no word: MAX and AVE have")
    if param.is_set("global_pooling", False):
        return ["gmp" if kind == "MAX" else "gap"]
    rounding = "" if param.text("round_mode", "CEIL") == "FLOOR" else " ceil"
    kernel = "x".join(map(str, _size(param, "kernel_size")))
    options = _option("s", _size(param, "stride", 1), None) + _option("p", _size(param, "pad", 0), 0)
    return [f"{'maxpool' if kind == 'MAX' else 'avgpool'} {kernel}{options}{rounding}"]


def _inner_product(layer: Message) -> list[str]:
    param = layer.message("inner_product_param")
    return [f"fc {param.number('num_output')}{'' if param.is_set('bias_term', True) else ' nobias'}"]


def _lrn(layer: Message) -> list[str]:
    param = layer.message("lrn_param")
    if param.text("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        param.fail("it normalises within a channel, and `lrn` works across channels")
    alpha, beta, k = param.decimal("alpha", 1.0), param.decimal("beta", 0.75), param.decimal("k", 1.0)
    return [f"lrn {param.number('local_size', 5)} alpha={short(alpha)} beta={short(beta)} k={short(k)}"]


def _batch_norm(layer: Message) -> list[str]:
    eps = layer.message("batch_norm_param").decimal("eps", 1e-5)
    return [f"bn noaffine eps={short(eps)}"]


def _scale(layer: Message) -> list[str]:
    """Read Caffe's Scale: factors per channel, and behind a BatchNorm a shift too, as 1x1 kernels of its own."""
    bias = layer.message("scale_param").is_set("bias_term", False)
    return ["dwconv 1x1"] if bias else ["scale"]


def _relu(layer: Message) -> list[str]:
    slope = layer.message("relu_param").decimal("negative_slope", 0.0)
    return [f"leakyrelu {short(slope)}" if slope else "relu"]


def _prelu(layer: Message) -> list[str]:
    return ["prelu" if layer.message("prelu_param").is_set("channel_shared", False) else "prelu perchannel"]


def _dropout(layer: Message) -> list[str]:
    return [f"dropout {short(layer.message('dropout_param').decimal('dropout_ratio', 0.5))}"]


def _elu(layer: Message) -> list[str]:
    return [f"elu {short(layer.message('elu_param').decimal('alpha', 1.0))}"]


def _word(word: str) -> Callable[[Message], list[str]]:
    return lambda layer: [word]


_READERS: Mapping[str, Callable[[Message], list[str]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "DepthwiseConvolution": _depthwise,
    "ConvolutionDepthwise": _depthwise,
    "Pooling": _pooling,
    "InnerProduct": _inner_product,
    "LRN": _lrn,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "ReLU": _relu,
    "ReLU6": _word("relu6"),
    "PReLU": _prelu,
    "ELU": _elu,
    "Sigmoid": _word("sigmoid"),
    "TanH": _word("tanh"),
    "Softmax": _word("softmax"),
    "Dropout": _dropout,
    "Flatten": _word("flatten"),
}

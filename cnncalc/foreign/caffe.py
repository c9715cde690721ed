"""Networks of Caffe: a deploy prototxt. Its convolutions round down, its pools up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import prod

from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, listed
from cnncalc.foreign.caffe_inputs import CaffeInput, images_of, inputs_of, is_source, layers_of
from cnncalc.foreign.caffe_layers import READERS, SPATIAL, batch_norm, type_of
from cnncalc.foreign.caffe_norms import scaled_norms
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.prototxt import Message, PrototxtParser
from cnncalc.foreign.shared_weights import with_weights
from cnncalc.layers.written import short

_MARKS = re.compile(r"^\s*layers?\s*:?\s*\{", re.MULTILINE)
_TYPE = re.compile(r"(?:^|[\s{])type\s*:\s*[\"'A-Z]")
_SOLVER = re.compile(r"^\s*(?:net|train_net)\s*:\s*[\"']([^\"'\n]+)[\"']", re.MULTILINE)
_BEHIND = ("Permute", "PriorBox", "DetectionOutput", "ArgMax", "Python", "DenseCRF", "EvalDetection")
"""Layers that find boxes or classes in what a network makes, or that run a program."""
_LOOKS_ONLY = ("PriorBox",)
_MAY_FOLLOW = ("DetectionEvaluate", "BoxAnnotatorOHEM", "Split", "Slice", "Tile", "Reduction")
_LEARN = ("Convolution", "Deconvolution", "DepthwiseConvolution", "ConvolutionDepthwise", "InnerProduct", "PReLU")
_NO_WORDS = {
    **dict.fromkeys(("ROIPooling", "PSROIPooling", "ROIAlign"), "it pools regions that are found while it runs"),
    **dict.fromkeys(("LSTM", "RNN", "Recurrent"), "it goes over a sequence, step by step"),
}
"""What layers do that a spec has no word for."""
_LOSSES = {"SoftmaxWithLoss": "softmax", "SigmoidCrossEntropyLoss": "sigmoid", "EuclideanLoss": "", "HingeLoss": ""}


class CaffePrototxt(ForeignFormat):
    """``layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { … } }``"""

    what = "a Caffe prototxt"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return (_MARKS.search(head) is not None and _TYPE.search(head) is not None) or _SOLVER.search(head) is not None

    def read(self, draft: Draft) -> None:
        if solver := _SOLVER.search(draft.source.text):
            message = f"this is a solver of Caffe; its network is in another file, {quoted(solver[1])}"
            draft.damaged(Span.of(solver), message, hints=["give that file: no other file is opened"])
        _Network(draft, PrototxtParser(draft.source).parse()).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this network has no layers")


class _Network:
    def __init__(self, draft: Draft, root: Message) -> None:
        self.draft = draft
        self.root = root
        self.made: dict[str, int] = {}
        self.read_names: set[str] = set()
        self.volumes = DraftVolumes(draft)
        self.shares = _shared_names(root)
        self.behind: dict[str, str] = {}
        """What is made of the outputs of the network behind it, with the layer that begins it."""
        self.heads: list[int] = []
        self.labels: set[str] = set()
        self.dimensions = 2
        self.scaled: dict[int, Message] = {}
        """The layers that are one batch norm, a BatchNorm and a Scale, by their places in the file."""

    def read(self) -> None:
        layers = layers_of(self.root)
        self.inputs(layers)
        self.scaled = scaled_norms(layers)
        for layer in layers:
            self.layer(layer)
        ends = [index for name, index in self.made.items() if name not in self.read_names and index != INPUT]
        found = list(dict.fromkeys([*self.heads, *ends]))
        if kinds := [kind for kind in dict.fromkeys(self.behind.values()) if kind not in _LOOKS_ONLY]:
            self.draft.remarks.append(f"it ends in front of {listed(kinds)}: what follows is not part of the network")
        if found and found != [self.draft.last]:
            self.draft.outputs = found

    def inputs(self, layers: list[Message]) -> None:
        """Let the inputs enter that are images; several become steps of their own."""
        images = inputs_of(self.root, layers)
        self.labels |= {str(name) for name in self.root.all("input")} - {given.name for given in images}
        for given in images:
            self.input(given, several=len(images) > 1)

    def input(self, given: CaffeInput, *, several: bool) -> None:
        name, sizes, message = given
        if not sizes and not several:
            self.draft.like = "HxWx3"
            self.made[name] = INPUT
            return
        if len(sizes) < 2 or any(size < 1 for size in sizes[1:]):
            self.draft.damaged(message.span, "the dimensions of the input cannot be read")
        volume = "x".join(map(str, (*sizes[2:], sizes[1])))
        if len(sizes) > 2:
            self.dimensions = len(sizes) - 2
        if several:
            self.made[name] = self.draft.enter(name, volume if len(sizes) > 2 else f"1x1x{volume}", message.span)
            return
        self.draft.input = volume
        self.made[name] = INPUT

    def layer(self, layer: Message) -> None:
        kind, name = type_of(layer), layer.text("name")
        tops = [str(top) for top in layer.all("top")]
        if kind == "Input":
            return
        if is_source(layer):
            self.data(layer, tops)
            return
        bottoms = [str(bottom) for bottom in layer.all("bottom")]
        if not tops and not kind.endswith("Loss"):
            layer.fail(f"the layer {quoted(name)} makes nothing: it has no `top`")
        if bottoms and self.labels.issuperset(bottoms) and kind not in _LEARN:
            self.labels |= set(tops)
            return
        if kind in _LOSSES:
            self.read_names |= set(bottoms[1:])
            bottoms = bottoms[:1]
        if kind not in _LOSSES and (
            kind.endswith(("Loss", "LossOHEM")) or kind in _BEHIND or self.behind.keys() & bottoms
        ):
            self.follows(layer, kind, bottoms, tops)
            return
        if not bottoms:
            layer.fail(f"the layer {quoted(name)} takes nothing: it has no `bottom`")
        inputs = [self.index(bottom, layer) for bottom in bottoms]
        self.read_names |= {bottom for bottom in bottoms if bottom not in tops}
        self.tops(layer, kind, name, inputs, tops or [name])

    def follows(self, layer: Message, kind: str, bottoms: list[str], tops: list[str]) -> None:
        """Pass over what finds boxes or classes in the outputs of a network; what it takes are the outputs."""
        first = next((self.behind[bottom] for bottom in bottoms if bottom in self.behind), kind)
        if kind in _LEARN:
            self.draft.refuse(layer.span, f"it takes what {quoted(first)} makes, and a spec has no word for that")
        if first != kind and not kind.endswith(("Loss", "LossOHEM")) and kind not in (*_BEHIND, *_MAY_FOLLOW):
            self.known(layer, kind)
        taken = [bottom for bottom in bottoms if bottom not in self.behind and bottom not in self.labels]
        self.read_names |= set(taken)
        if kind not in _LOOKS_ONLY:
            self.heads += [index for bottom in taken if (index := self.index(bottom, layer)) != INPUT]
        self.behind |= dict.fromkeys(tops or [layer.text("name")], first)

    def tops(self, layer: Message, kind: str, name: str, inputs: list[int], tops: list[str]) -> None:
        if kind == "Split":
            for top in tops:
                self.made[top] = inputs[0]
        elif kind == "Slice":
            self.slices(layer, inputs[0], tops)
        elif kind in _JOINS and (len(inputs) > 1 or kind != "Scale"):
            self.made[tops[0]] = _JOINS[kind](self, layer, name, inputs)
        elif kind == "Scale" and layer.span.start in self.scaled:
            self.made[tops[0]] = inputs[0]
        else:
            words = self.words(layer, kind)
            index = self.draft.add(words, layer.span, inputs[:1], name=name) if words else inputs[0]
            self.made[tops[0]] = index

    def data(self, layer: Message, tops: list[str]) -> None:
        """Read where the images come from, in a file that trains."""
        tops = tops or ["data"]
        self.labels |= set(tops[1:])
        given = images_of(layer, tops)
        if given is not None and not self.draft.input and not self.draft.steps:
            self.input(given, several=False)
        self.draft.like = self.draft.like or "HxWxC"
        self.made.setdefault(tops[0], INPUT)

    def index(self, name: str, layer: Message) -> int:
        if name not in self.made:
            if not self.made and not self.draft.steps:
                self.draft.like = "HxWx3"
                self.made[name] = INPUT
            else:
                hints = did_you_mean(name, self.made)
                self.draft.damaged(layer.span, f"no layer in front of this one makes {quoted(name)}", hints=hints)
        return self.made[name]

    # ---- layers that read several volumes

    def concatenated(self, layer: Message, name: str, inputs: list[int]) -> int:
        param = layer.message("concat_param")
        if param.number("axis", param.number("concat_dim", 1)) != 1:
            self.draft.refuse(layer.span, "only channels are concatenated, along axis 1")
        return self.draft.join("concat", inputs, layer.span, name=name)

    def elementwise(self, layer: Message, name: str, inputs: list[int]) -> int:
        operation = layer.message("eltwise_param").text("operation", "SUM")
        merges = {"SUM": "add", "1": "add", "PROD": "mul", "0": "mul", "MAX": "max", "2": "max"}
        if operation not in merges:
            layer.fail(f"Caffe has no operation {quoted(operation)}")
        factors = layer.message("eltwise_param").all("coeff") or [1] * len(inputs)
        if len(factors) != len(inputs) or not all(isinstance(each, int | float) for each in factors):
            layer.fail(f"its sum has {len(factors)} factors for {len(inputs)} volumes")
        if factors == [1, -1]:
            return self.draft.join("sub", inputs, layer.span, name=name)
        pairs = zip(factors, inputs, strict=True)
        each = [i if f == 1 else self.draft.add(f"times {short(f)}", layer.span, [i]) for f, i in pairs]
        return self.draft.join(merges[operation], each, layer.span, name=name)

    def product(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read a Scale of two volumes."""
        if layer.message("scale_param").is_set("bias_term", False):
            self.draft.refuse(layer.span, "its product has a learned shift, and a `mul` has none")
        return self.draft.join("mul", inputs, layer.span, name=name)

    def product_and_sum(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read ``Axpy``: factors for the channels, times a volume, plus another (squeeze and excitation)."""
        if len(inputs) != 3:
            layer.fail(f"an Axpy takes three volumes, not {len(inputs)}")
        product = self.draft.join("mul", [inputs[1], inputs[0]], layer.span)
        return self.draft.join("add", [product, inputs[2]], layer.span, name=name)

    def magnitude(self, layer: Message, name: str, inputs: list[int]) -> int:
        negative = self.draft.add("times -1", layer.span, inputs[:1])
        return self.draft.join("max", [inputs[0], negative], layer.span, name=name)

    def cropped(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read a Crop to the size of another volume, from an offset on."""
        if len(inputs) != 2:
            layer.fail(f"a Crop takes two volumes, not {len(inputs)}")
        param = layer.message("crop_param")
        source, other = (self.volumes.of(index) for index in inputs)
        if param.number("axis", 2) != 2 or source is None or other is None:
            self.draft.refuse(layer.span, "only height and width are cropped, from axis 2 on, to a size that is known")
        offsets = [value for value in param.all("offset") if isinstance(value, int)] or [0]
        offsets = offsets * len(source.spatial) if len(offsets) == 1 else offsets
        if not len(offsets) == len(source.spatial) == len(other.spatial):
            layer.fail(f"{source} is cropped to {other}, with {len(offsets)} offsets")
        sizes = zip(offsets, source.spatial, other.spatial, strict=True)
        sides = "x".join([f"{first}:{whole - first - part}" for first, whole, part in sizes])
        return self.draft.add(f"crop {sides}", layer.span, inputs[:1], name=name)

    def interpolated(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read ``Interp``: to a height and width, to those of another volume, or by factors that keep the corners."""
        param = layer.message("interp_param")
        source, other = self.volumes.of(inputs[0]), self.volumes.of(inputs[-1])
        sizes = [param.number(side, 0) for side in ("height", "width")]
        zoom, shrink = (param.number(f"{word}_factor", 1) for word in ("zoom", "shrink"))
        if len(inputs) > 1:
            sizes = list(other.spatial) if other is not None else []
        elif not all(sizes) and source is not None and min(zoom, shrink) > 0:
            smaller = [(size - 1) // shrink + 1 for size in source.spatial]
            sizes = [size + (size - 1) * (zoom - 1) for size in smaller]
        padded = any(param.number(f"pad_{side}", 0) for side in ("beg", "end"))
        if source is None or not len(sizes) == len(source.spatial) == 2 or not all(sizes) or padded:
            self.draft.refuse(layer.span, "only an Interp to a size that is written or follows from its input is read")
        less = " shrink" if any(new < old for new, old in zip(sizes, source.spatial, strict=True)) else ""
        layers = f"upsample {sizes[0]}x{sizes[1]} bilinear aligncorners{less}"
        return self.draft.add(layers, layer.span, inputs[:1], name=name)

    def reshaped(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read a reshape of each image; 0 is the size that arrives, and −1 what is left."""
        param = layer.message("reshape_param")
        sizes = [size for size in param.message("shape").all("dim") if isinstance(size, int)][1:]
        source = self.volumes.of(inputs[0])
        if param.number("axis", 0) or param.number("num_axes", -1) != -1 or not sizes or min(sizes) < -1:
            self.draft.refuse(layer.span, "only a reshape of each whole image is read")
        if sizes in ([-1], [-1, 1, 1]):
            return self.draft.add("flatten", layer.span, inputs[:1], name=name)
        arriving = [source.channels, *source.spatial] if source is not None else []
        written = self.measured(layer, sizes, arriving) if arriving and min(sizes) < 1 else _in_letters(sizes)
        missing = self.dimensions + 1 - len(sizes)
        if missing < 0 or "" in written:
            self.draft.refuse(layer.span, "only a reshape to sizes that are written or follow from its input is read")
        return self.draft.add(
            f"reshape {'x'.join((*written[1:], *'1' * missing, written[0]))}", layer.span, inputs[:1], name=name
        )

    def measured(self, layer: Message, sizes: list[int], arriving: list[int]) -> list[str]:
        """Return the sizes of a reshape with what 0 and −1 stand for."""
        found = [arriving[place] if size == 0 and place < len(arriving) else size for place, size in enumerate(sizes)]
        left = prod(arriving) // max(1, prod([size for size in found if size > 0]))
        found = [left if size == -1 else size for size in found]
        if prod(found) != prod(arriving):
            layer.fail(f"its sizes have {prod(found):,} values, but {prod(arriving):,} arrive")
        return [str(size) for size in found]

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
        self.known(layer, kind)
        scale = self.scaled.get(layer.span.start)
        if kind in SPATIAL:
            words = SPATIAL[kind](layer, self.dimensions)
        else:
            words = READERS[kind](layer) if scale is None else [batch_norm(layer, affine=True)]
        name = self.shares.get((scale or layer).text("name"), "")
        return with_weights(words, name) if name else words

    def known(self, layer: Message, kind: str) -> None:
        """Make sure that there is a word for a kind of layer."""
        if kind in READERS or kind in SPATIAL or kind in _JOINS or kind in ("Slice", "Split"):
            return
        if kind in _NO_WORDS:
            self.draft.refuse(layer.span, f"{_NO_WORDS[kind]}, and a spec has no layer that does")
        hints = did_you_mean(kind, [*READERS, *SPATIAL, *_JOINS, "Slice", "Split"])
        message = f"a spec has no word for Caffe's layer {quoted(kind)}" if kind else "this layer has no type"
        self.draft.refuse(layer.span, message, hints=hints)


_JOINS: Mapping[str, Callable[[_Network, Message, str, list[int]], int]] = {
    "AbsVal": _Network.magnitude,
    "Axpy": _Network.product_and_sum,
    "Concat": _Network.concatenated,
    "Crop": _Network.cropped,
    "Eltwise": _Network.elementwise,
    "Interp": _Network.interpolated,
    "Reshape": _Network.reshaped,
    "Scale": _Network.product,
}


def _in_letters(sizes: list[int]) -> list[str]:
    """Return the sizes of a reshape of an image whose size is not known; "" for what cannot be said."""
    found = [str(size) if size > 0 else "CHW"[place : place + 1] for place, size in enumerate(sizes)]
    known = "*".join([text for size, text in zip(sizes, found, strict=True) if size != -1])
    found = [f"C*H*W/({known})" if size == -1 else text for size, text in zip(sizes, found, strict=True)]
    return [text if text.isdigit() or not text else f"{{{text}}}" for text in found]


def _shared_names(root: Message) -> dict[str, str]:
    """Return for layers whose parameters have a name that others have, too, the first one's name."""
    names: dict[str, list[str]] = {}
    for layer in root.messages("layer", "layers"):
        first = next((param.text("name") for param in layer.messages("param")), "") or layer.text("param")
        if first and not first.startswith("{"):
            names.setdefault(first, []).append(layer.text("name"))
    return {layer: owners[0] for owners in names.values() if len(owners) > 1 for layer in owners}

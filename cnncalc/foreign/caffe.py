"""Networks of Caffe: a deploy prototxt. Its convolutions round down, its pools up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, listed
from cnncalc.foreign.caffe_layers import READERS, type_of
from cnncalc.foreign.draft import INPUT, Draft, quoted
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.prototxt import Message, PrototxtParser
from cnncalc.foreign.shared_weights import with_weights
from cnncalc.layers.written import short

_MARKS = re.compile(r"^\s*layers?\s*:?\s*\{", re.MULTILINE)
_TYPE = re.compile(r"^\s*(?:layers?\s*:?\s*\{.*)?\btype\s*:\s*[\"'A-Z]", re.MULTILINE)
_WITHOUT_OUTPUT = ("Accuracy", "Silence", "HDF5Output")
_SOURCES = ("Data", "ImageData", "HDF5Data", "DummyData", "MemoryData", "WindowData", "AnnotatedData", "Python")
_BEHIND = ("Permute", "PriorBox", "DetectionOutput", "ArgMax")
"""Layers that find boxes or classes in what a network makes."""
_LOOKS_ONLY = ("PriorBox",)
_MAY_FOLLOW = ("Concat", "Flatten", "Reshape", "Sigmoid", "Slice", "Softmax", "Split")
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
        self.volumes = DraftVolumes(draft)
        self.shares = _shared_names(root)
        self.behind: dict[str, str] = {}
        """What is made of the outputs of the network behind it, with the layer that begins it."""
        self.heads: list[int] = []

    def read(self) -> None:
        self.inputs()
        for layer in self.root.messages("layer", "layers"):
            if self.takes_part(layer):
                self.layer(layer)
        ends = [index for name, index in self.made.items() if name not in self.read_names and index != INPUT]
        found = list(dict.fromkeys([*self.heads, *ends]))
        if kinds := [kind for kind in dict.fromkeys(self.behind.values()) if kind not in _LOOKS_ONLY]:
            self.draft.remarks.append(f"it ends in front of {listed(kinds)}: what follows is not part of the network")
        if found and found != [self.draft.last]:
            self.draft.outputs = found

    def inputs(self) -> None:
        """Read ``input: "data" input_dim: 1 input_dim: 3 …`` of older files, and all layers of the type Input."""
        names = [str(name) for name in self.root.all("input")]
        sizes = [size for size in self.root.all("input_dim") if isinstance(size, int)]
        shapes = [sizes[4 * place : 4 * place + 4] for place in range(len(names))]
        for place, shape in enumerate(self.root.messages("input_shape")):
            shapes[place : place + 1] = [_dimensions(shape)]
        found = list(zip(names, shapes, [self.root] * len(names), strict=False))
        for layer in self.root.messages("layer", "layers"):
            if type_of(layer) == "Input" and self.takes_part(layer):
                given = [_dimensions(shape) for shape in layer.message("input_param").messages("shape")]
                tops = [str(top) for top in layer.all("top")] or ["data"]
                each = given * len(tops) if len(given) == 1 else given or [[]]
                found += [(top, shape, layer) for top, shape in zip(tops, each, strict=False)]
        images = [given for given in found if len(given[1]) != 2 or given[1][1] != 3 or len(found) == 1]  # no im_info
        for name, dimensions, message in images:
            self.input(name, dimensions, message, several=len(images) > 1)

    def input(self, name: str, sizes: list[int], message: Message, *, several: bool) -> None:
        if len(sizes) < 2 or any(size < 1 for size in sizes[1:]):
            self.draft.damaged(message.span, "the dimensions of the input cannot be read")
        volume = "x".join(map(str, (*sizes[2:4], sizes[1])))
        if several:
            self.made[name] = self.draft.enter(name, volume if len(sizes) > 2 else f"1x1x{volume}", message.span)
            return
        self.draft.input = volume
        self.made[name] = INPUT

    def takes_part(self, layer: Message) -> bool:
        """Say whether a layer is there when the network is used, and not only when it is trained."""
        kind = type_of(layer)
        phases = [rule.text("phase") for rule in layer.messages("include")]
        if "TRAIN" in phases and "TEST" not in phases:
            return False
        return kind not in _WITHOUT_OUTPUT

    def layer(self, layer: Message) -> None:
        kind, name = type_of(layer), layer.text("name")
        tops = [str(top) for top in layer.all("top")]
        if kind == "Input":
            return
        if kind in _SOURCES:
            self.data(layer, tops)
            return
        bottoms = [str(bottom) for bottom in layer.all("bottom")]
        if not tops and kind not in _LOSSES:
            layer.fail(f"the layer {quoted(name)} makes nothing: it has no `top`")
        if kind in _BEHIND or any(bottom in self.behind for bottom in bottoms):
            self.follows(layer, kind, bottoms, tops)
            return
        labels = bottoms[1:] if kind in _LOSSES else []
        inputs = [self.index(bottom, layer) for bottom in bottoms if bottom not in labels]
        if not inputs:
            layer.fail(f"the layer {quoted(name)} takes nothing: it has no `bottom`")
        self.read_names |= {bottom for bottom in bottoms if bottom not in tops}
        self.tops(layer, kind, name, inputs, tops or [name])

    def follows(self, layer: Message, kind: str, bottoms: list[str], tops: list[str]) -> None:
        """Pass over what finds boxes or classes in the outputs of a network; what it takes are the outputs."""
        if kind not in (*_BEHIND, *_MAY_FOLLOW):
            first = next(self.behind[bottom] for bottom in bottoms if bottom in self.behind)
            self.draft.refuse(layer.span, f"it takes what {quoted(first)} makes, and a spec has no word for that")
        taken = [bottom for bottom in bottoms if bottom not in self.behind]
        self.read_names |= set(taken)
        if kind not in _LOOKS_ONLY:
            self.heads += [index for bottom in taken if (index := self.index(bottom, layer)) != INPUT]
        begun = [self.behind[bottom] for bottom in bottoms if bottom in self.behind]
        self.behind |= dict.fromkeys(tops, begun[0] if begun else kind)

    def tops(self, layer: Message, kind: str, name: str, inputs: list[int], tops: list[str]) -> None:
        if kind == "Split":
            for top in tops:
                self.made[top] = inputs[0]
        elif kind == "Slice":
            self.slices(layer, inputs[0], tops)
        elif kind in _JOINS and (len(inputs) > 1 or kind != "Scale"):
            self.made[tops[0]] = _JOINS[kind](self, layer, name, inputs)
        else:
            words = self.words(layer, kind)
            index = self.draft.add(words, layer.span, inputs[:1], name=name) if words else inputs[0]
            self.made[tops[0]] = index

    def data(self, layer: Message, tops: list[str]) -> None:
        """Read where the images come from, in a file that trains."""
        crop = layer.message("transform_param").number("crop_size", 0)
        if crop and not self.draft.input:
            self.draft.input = f"{crop}x{crop}x3"
        self.draft.like = self.draft.like or "HxWxC"
        self.made.setdefault(tops[0] if tops else "data", INPUT)

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
        param = layer.message("crop_param")
        source, other = (self.volumes.of(index) for index in inputs[:2])
        if param.number("axis", 2) != 2 or source is None or other is None:
            self.draft.refuse(layer.span, "only height and width are cropped, from axis 2 on, to a size that is known")
        offsets = [value for value in param.all("offset") if isinstance(value, int)] or [0]
        offsets = offsets * len(source.spatial) if len(offsets) == 1 else offsets
        sizes = zip(offsets, source.spatial, other.spatial, strict=False)
        sides = "x".join([f"{first}:{whole - first - part}" for first, whole, part in sizes])
        return self.draft.add(f"crop {sides}", layer.span, inputs[:1], name=name)

    def interpolated(self, layer: Message, name: str, inputs: list[int]) -> int:
        """Read ``Interp``: to a height and width, or by factors that keep the corners."""
        param, source = layer.message("interp_param"), self.volumes.of(inputs[0])
        sizes = [param.number(side, 0) for side in ("height", "width")]
        zoom, shrink = (param.number(f"{word}_factor", 1) for word in ("zoom", "shrink"))
        if not all(sizes) and source is not None and min(zoom, shrink) > 0:
            smaller = [(size - 1) // shrink + 1 for size in source.spatial]
            sizes = [size + (size - 1) * (zoom - 1) for size in smaller]
        padded = any(param.number(f"pad_{side}", 0) for side in ("beg", "end"))
        if not all(sizes) or source is None or padded or len(inputs) > 1:
            self.draft.refuse(layer.span, "only an Interp to a size that is written or follows from its input is read")
        less = " shrink" if any(new < old for new, old in zip(sizes, source.spatial, strict=True)) else ""
        layers = f"upsample {sizes[0]}x{sizes[1]} bilinear aligncorners{less}"
        return self.draft.add(layers, layer.span, inputs, name=name)

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
        reader = READERS.get(kind)
        if reader is None:
            hints = did_you_mean(kind, [*READERS, *_JOINS, "Slice", "Split"])
            message = f"a spec has no word for Caffe's layer {quoted(kind)}" if kind else "this layer has no type"
            self.draft.refuse(layer.span, message, hints=hints)
        words = reader(layer)
        name = self.shares.get(layer.text("name"), "")
        return with_weights(words, name) if name else words


_JOINS: Mapping[str, Callable[[_Network, Message, str, list[int]], int]] = {
    "AbsVal": _Network.magnitude,
    "Axpy": _Network.product_and_sum,
    "Concat": _Network.concatenated,
    "Crop": _Network.cropped,
    "Eltwise": _Network.elementwise,
    "Interp": _Network.interpolated,
    "Scale": _Network.product,
}


def _dimensions(shape: Message) -> list[int]:
    return [size for size in shape.all("dim") if isinstance(size, int)]


def _shared_names(root: Message) -> dict[str, str]:
    """Return for layers whose parameters have a name that others have, too, the first one's name."""
    names: dict[str, list[str]] = {}
    for layer in root.messages("layer", "layers"):
        first = next((param.text("name") for param in layer.messages("param")), "") or layer.text("param")
        if first and not first.startswith("{"):
            names.setdefault(first, []).append(layer.text("name"))
    return {layer: owners[0] for owners in names.values() if len(owners) > 1 for layer in owners}

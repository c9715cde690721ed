"""What enters a network of Caffe: its inputs, layers that read images from files, and the phase that is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.foreign.caffe_layers import type_of
from cnncalc.foreign.prototxt import Message

_COUNTS = ("Accuracy", "Silence", "HDF5Output", "SegAccuracy")
_PHASES = {"0": "TRAIN", "1": "TEST"}


class CaffeInput(NamedTuple):
    """An input: its name, its sizes as Caffe has them (images, channels, height, width), and where it stands."""

    name: str
    sizes: list[int]
    message: Message


def layers_of(root: Message) -> list[Message]:
    """Return the layers of the phase TEST; of a file whose images are read in the phase TRAIN alone, those of TRAIN."""
    layers = list(root.messages("layer", "layers"))
    sources = [layer for layer in layers if is_source(layer)]
    phase = "TRAIN" if sources and not any(_is_in(layer, "TEST") for layer in sources) else "TEST"
    return [layer for layer in layers if _is_in(layer, phase) and type_of(layer) not in _COUNTS]


def is_source(layer: Message) -> bool:
    """Say whether a layer makes volumes from nothing: it reads files, a camera, or a program makes its numbers."""
    kind = type_of(layer)
    return (kind.endswith("Data") or kind == "Python") and not layer.all("bottom")


def _is_in(layer: Message, phase: str) -> bool:
    rules = list(layer.messages("include"))
    left_out = any(_meets(rule, phase) for rule in layer.messages("exclude"))
    return not left_out and (not rules or any(_meets(rule, phase) for rule in rules))


def _meets(rule: Message, phase: str) -> bool:
    written = rule.text("phase")
    return _PHASES.get(written, written) in ("", phase) and not rule.all("stage")


def inputs_of(root: Message, layers: list[Message]) -> list[CaffeInput]:
    """Return the inputs that are images: ``input: "data" input_dim: 1 …``, and layers of the type Input."""
    found = {given.name: given for given in (*_written(root), *_input_layers(layers))}
    read = {str(bottom) for layer in layers for bottom in _images(layer)}
    images = [given for given in found.values() if given.name in read] or list(found.values())
    return [given for given in images if len(given.sizes) != 2 or given.sizes[1] != 3 or len(found) == 1]  # no im_info


def _images(layer: Message) -> list[object]:
    """Return what a layer reads, without the labels of a loss."""
    bottoms = layer.all("bottom")
    return bottoms[:1] if type_of(layer).endswith("Loss") else bottoms


def _written(root: Message) -> Iterator[CaffeInput]:
    names = [str(name) for name in root.all("input")]
    sizes = [size for size in root.all("input_dim") if isinstance(size, int)]
    shapes = [sizes[4 * place : 4 * place + 4] for place in range(len(names))]
    for place, message in enumerate(root.messages("input_shape")):
        shapes[place : place + 1] = [_dimensions(message)]
    for name, shape in zip(names, shapes, strict=False):
        yield CaffeInput(name, shape, root)


def _input_layers(layers: list[Message]) -> Iterator[CaffeInput]:
    for layer in layers:
        if type_of(layer) == "Input":
            yield from _given_by(layer, "input_param", [str(top) for top in layer.all("top")] or ["data"])


def _given_by(layer: Message, param: str, tops: list[str]) -> Iterator[CaffeInput]:
    shapes = [_dimensions(shape) for shape in layer.message(param).messages("shape")]
    each = shapes * len(tops) if len(shapes) == 1 else shapes or [[]]
    for top, shape in zip(tops, each, strict=False):
        yield CaffeInput(top, shape, layer)


def images_of(layer: Message, tops: list[str]) -> CaffeInput | None:
    """Return the images that a layer reads from files, where it says their size; else None."""
    if type_of(layer) == "DummyData":
        return next(_given_by(layer, "dummy_data_param", tops), None)
    changes, memory = layer.message("transform_param"), layer.message("memory_data_param")
    if type_of(layer) == "MemoryData":
        return CaffeInput(tops[0], [1, *(memory.number(name) for name in ("channels", "height", "width"))], layer)
    of_files = [
        message for name, message in layer.fields if name.endswith("data_param") and isinstance(message, Message)
    ]
    for message in (changes, *of_files):
        if crop := message.number("crop_size", 0):
            return CaffeInput(tops[0], [1, _colours(layer), crop, crop], layer)
    for message, prefix in ((changes.message("resize_param"), ""), *[(each, "new_") for each in of_files]):
        sizes = [message.number(f"{prefix}{side}", 0) for side in ("height", "width")]
        if all(sizes):
            return CaffeInput(tops[0], [1, _colours(layer), *sizes], layer)
    return None


def _colours(layer: Message) -> int:
    """Return the channels of images: three, unless they are read as grey ones."""
    grey = [
        message for _, message in layer.fields if isinstance(message, Message) and not message.is_set("is_color", True)
    ]
    return 1 if grey or layer.message("transform_param").is_set("force_gray", False) else 3


def _dimensions(shape: Message) -> list[int]:
    return [size for size in shape.all("dim") if isinstance(size, int)]

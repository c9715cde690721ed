"""Whether a data set suits a network, asked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.network import Network, Node
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.kinds import CLASSES, IGNORED, LABELS, MASKS, NUMBERS
from cnncalc.train.dense import predicts_pixels


def check_dataset(dataset: Dataset, network: Network, *, trained: bool = False) -> None:
    """Compare images with the input of a network, and their targets with its outputs.

    Args:
        dataset: the images, with their targets.
        network: what they are to suit.
        trained: whether it is trained already: then no other line of its spec is of help, and none is hinted at.

    Raises:
        DataError: for no images, images of another volume, fewer than two classes, labels that are no classes, and
            another number of classes, labels or numbers than the network has outputs.

    """
    for part, split in dataset.parts():
        if not len(split):
            raise DataError("bad-data", f"{shorten_path(dataset.name)} has no {part} images")
        if split.volume != network.input:
            raise differing_volume(dataset.name, split.volume, network.input, trained=trained)
    try:
        for output in network.outputs:
            _OUTPUT_CHECKS[dataset.kind](dataset, network, output)
    except DataError as error:
        own = f"it was trained on other {dataset.kind}: name data that have the same"
        raise DataError(error.code, error.message, hints=[own] if trained else error.hints) from None
    _TARGET_CHECKS[dataset.kind](dataset)


def differing_volume(what: str, found: Volume, wanted: Volume, *, trained: bool = False) -> DataError:
    """Return the error for images that are not the spec's input."""
    what = shorten_path(what)
    if found.channels != wanted.channels:
        sides = f"{found} ({colours(found)}), and the spec's input is {wanted} ({colours(wanted)})"
        return DataError("data-differs", f"the images of {what} are {sides}", hints=[] if trained else _inputs(found))
    resizing = ["`--resize pad`, `crop` or `stretch` brings them to the input's size"] if len(found) == 3 else []
    message = f"the images of {what} are {found}, and the spec's input is {wanted}"
    return DataError("data-differs", message, hints=[*([] if trained else [f"write `input {found}`"]), *resizing])


def _inputs(found: Volume) -> list[str]:
    """Return what to write for images; where their first size looks like the channels, for both meanings."""
    first, last = found[0], found.channels
    if found.dimensions != 2 or first not in _COLOURS or last in _COLOURS:
        return [f"write `input {found}`"]
    turned = Volume((*found[1:], first))
    return [
        f"write `input {turned}` if the first size, {first}, is the channels",
        f"or `input {found}` if the last one, {last}, is",
    ]


_COLOURS = {1: "grey, 1 channel", 3: "colour, 3 channels"}
"""What the usual numbers of channels mean."""


def colours(volume: Volume) -> str:
    """Return what the channels of an image mean, for messages."""
    return _COLOURS.get(volume.channels, f"{volume.channels} channels")


def check_class_count(name: str, classes: Sequence[str], hints: Sequence[str] = ()) -> None:
    """Refuse fewer than two classes."""
    if len(classes) < 2:
        found = f"one class, `{shorten(classes[0], 80)}`: a classifier needs two or more" if classes else "no classes"
        raise DataError("bad-data", f"{shorten_path(name)} has {found}", hints=hints)


def _check_classes(dataset: Dataset, network: Network, output: Volume) -> None:
    check_class_count(dataset.name, dataset.classes)
    count = len(dataset.classes)
    if any(size != 1 for size in output.spatial):
        message = f"the network's output is {output}; for {count} classes it is {output.vector(count)}"
        raise DataError("data-differs", message, hints=[f"end with `gap - fc {count}`"])
    if (output.channels, count) != (1, 2):  # one output tells two classes apart
        _check_count(dataset, network, output, "classes")


def _check_vector(dataset: Dataset, network: Network, output: Volume) -> None:
    count, word = len(dataset.classes), dataset.kind
    if any(size != 1 for size in output.spatial):
        message = f"the network's output is {output}; for {counted(count, word[:-1])} it is {output.vector(count)}"
        raise DataError("data-differs", message, hints=[f"end with `gap - fc {count}`"])
    _check_count(dataset, network, output, word)


def _check_count(dataset: Dataset, network: Network, output: Volume, word: str) -> None:
    count = len(dataset.classes)
    if output.channels != count:
        name, outputs = shorten_path(dataset.name), counted(output.channels, "output")
        found = f"{count} classes" if word == "classes" else counted(count, word[:-1])
        message = f"{name} has {found}, and the network {outputs}"
        raise DataError("data-differs", message, hints=_repairs(network, count))


def _check_masks(dataset: Dataset, network: Network, output: Volume) -> None:
    count, name = len(dataset.classes), shorten_path(dataset.name)
    if not predicts_pixels(network):
        sides = f"the network's output is {output}, and the masks of {name} are {size_of(network.input)}"
        hints = [f"an output of {network.input.with_channels(count)} has a class for each pixel"]
        raise DataError("data-differs", sides, hints=[*hints, "`upsample 2x` enlarges it, padding keeps its size"])
    if (output.channels, count) != (1, 2):  # one channel tells two classes apart
        if output.channels == count:
            return
        message = f"the masks of {name} have {count} classes, and the network's output {output.channels} channels"
        raise DataError("data-differs", message, hints=_repairs(network, count))


def size_of(volume: Volume) -> str:
    """Return the spatial sizes of a volume as they are written: 8x8."""
    return "x".join(map(str, volume.spatial))


def check_class_names(dataset: Dataset, trained: Sequence[str]) -> None:
    """Refuse to test on classes that are called otherwise than those that a network was trained on.

    Classes that are only numbered, from 0, have no names to compare.

    Raises:
        DataError: for another name at a place.

    """
    numbered = map(str, range(len(dataset.classes)))
    for number, other, own in zip(numbered, dataset.classes, trained, strict=False):
        if other not in (own, number):
            name = shorten_path(dataset.name)
            message = f"class {number} is `{shorten(other)}` in {name}, and `{shorten(own)}` was trained"
            raise DataError("data-differs", message, hints=["test on data with the classes of the run"])


def _repairs(network: Network, count: int) -> list[str]:
    """Return what would give a network another number of outputs, the best first."""
    outputs = network.output.channels
    hints = [f"or `--set {name}={count}`" for name, value in network.parameters.items() if value == outputs]
    last = _last_with_weights(network)
    if last is None:
        return [*hints, f"end with `fc {count}`"]
    where = f"in line {network.line(last)} in place of `{last.written}`"
    wanted = f"fc {count}" if last.layer.kind == "fc" else f"a layer with {count} channels"
    return [f"write `{wanted}` {where}" if last.layer.kind == "fc" else f"write {wanted} {where}", *hints]


def _last_with_weights(network: Network) -> Node | None:
    return next((node for node in reversed(network.layers) if node.weights), None)


def _check_indices(dataset: Dataset) -> None:
    for part, split in dataset.parts():
        low, high = int(split.labels.min()), int(split.labels.max())
        if low < 0 or high >= len(dataset.classes):
            message = f"the {part} labels of {shorten_path(dataset.name)} go from {low} to {high}"
            hints = [f"with {len(dataset.classes)} classes they go from 0 to {len(dataset.classes) - 1}"]
            raise DataError("bad-data", message, hints=hints)


def _check_marks(dataset: Dataset) -> None:
    if not dataset.train.labels.any():
        raise DataError("bad-data", f"no training image of {shorten_path(dataset.name)} has a label")


def _check_pixels(dataset: Dataset) -> None:
    for part, split in dataset.parts():
        if split.labels.numel() and (split.labels == IGNORED).all():
            message = f"all pixels of the {part} masks of {shorten_path(dataset.name)} are {IGNORED}, which is ignored"
            raise DataError("bad-data", message)


def _nothing_more(dataset: Dataset) -> None:
    """Numbers were looked at while they were read."""


_OUTPUT_CHECKS = {CLASSES: _check_classes, LABELS: _check_vector, NUMBERS: _check_vector, MASKS: _check_masks}
_TARGET_CHECKS = {CLASSES: _check_indices, LABELS: _check_marks, NUMBERS: _nothing_more, MASKS: _check_pixels}

"""Which task a network and its data are for, and what cannot be trained."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import DataError, SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten_path
from cnncalc.network import Network, refuse_several_inputs
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.kinds import CLASSES, KIND_OF_TASK, LABELS, MASKS, NUMBERS
from cnncalc.train.dense import predicts_pixels
from cnncalc.train.ends import ends_in
from cnncalc.train.tasks.base import Task
from cnncalc.train.tasks.binary import Binary
from cnncalc.train.tasks.classes import Classes
from cnncalc.train.tasks.labels import Labels
from cnncalc.train.tasks.masks import Masks
from cnncalc.train.tasks.regression import Regression

_BY_NAME: dict[str, type[Task]] = {kind.name: kind for kind in (Classes, Labels, Binary, Regression, Masks)}
_BY_KIND = {LABELS: Labels.name, NUMBERS: Regression.name, MASKS: Masks.name}


def task_named(name: str, names: Sequence[str]) -> Task:
    """Return a task by its name, with the names of what it learns."""
    return _BY_NAME[name](names)


def task_for(dataset: Dataset, network: Network) -> Task:
    """Return the task of a network and a data set that suits it."""
    single = Binary.name if network.output.channels == 1 else Classes.name
    return task_named(single if dataset.kind == CLASSES else _BY_KIND[dataset.kind], dataset.classes)


def task_of_spec(network: Network, asked: str = "auto") -> str:
    """Return the task that a network's end asks for; ``auto`` where the data decide.

    A class for each pixel is learned where the output is as large as the input, one class where it ends in a softmax.

    Args:
        network: what is trained.
        asked: the task that is asked for.

    """
    if asked != "auto":
        return asked
    if max(network.output.spatial) > 1:
        return Masks.name
    return Classes.name if ends_in(network, Classes.ends) else "auto"


def check_trainable(network: Network, asked: str = "auto") -> None:
    """Refuse networks that no task, or not the one that is asked for, trains.

    Raises:
        SpecError: for a network without parameters, one with several inputs or with outputs that differ, an output that
            is neither a vector nor about each pixel of the input or of its middle, and one that contradicts the task.

    """
    refuse_several_inputs(network, "training gives it one image at a time")
    output = network.output
    if any(other != output for other in network.outputs):
        volumes = listed([f"@{name} {volume}" for name, volume in _named_outputs(network)])
        message = f"the network has outputs of several sizes ({volumes}); training learns one thing, at one size"
        hints = ["leave `output` out, so that the network ends where its text does; detectors are not trained"]
        raise SpecError("no-task", message, hints=hints)
    if not network.params:
        raise SpecError("nothing-to-train", "the network has no parameters, so there is nothing to train")
    dense = max(output.spatial) > 1
    if dense and asked in ("auto", Masks.name):
        _check_dense(network)
    elif dense or asked != "auto":
        _check_asked(output, asked, dense)


def _named_outputs(network: Network) -> list[tuple[str, Volume]]:
    return list(zip(network.output_names, network.outputs, strict=True))


def _check_dense(network: Network) -> None:
    """Refuse an output that is neither a vector nor about each pixel of the input, or of its middle."""
    if predicts_pixels(network):
        return
    hints = [
        "end it with `gap - fc 10`, or `fc 10`, for as many classes as there are",
        f"or make it as large as the input, {network.input}, for a class of each pixel",
    ]
    message = f"the network's output is {network.output}; a classifier needs one output per class"
    raise SpecError("no-classifier", message, hints=hints)


def _check_asked(output: Volume, asked: str, dense: bool) -> None:
    """Refuse an output that contradicts the task."""
    channels = output.channels
    wanted = {
        Classes.name: (not dense and channels > 1, "one output per class, at least two", "end it with `fc 2` or more"),
        Labels.name: (not dense, "one output per label", "end it with `gap - fc 5`, for as many labels as there are"),
        Binary.name: (not dense and channels == 1, "a single output", "end it with `fc 1`"),
        Regression.name: (not dense, "one output per number", "end it with `gap - fc 1`, for a single number"),
        Masks.name: (dense, "a class for each pixel", "its output is as large as its input, with a channel per class"),
    }
    suits, needs, hint = wanted[asked]
    if not suits:
        message = f"--task {asked} needs {needs}, and the network's output is {output}"
        raise SpecError("no-task", message, hints=[hint])


def check_kind(dataset: Dataset, asked: str) -> None:
    """Refuse data whose targets are not what a task learns.

    Raises:
        DataError: for such data.

    """
    if asked != "auto" and KIND_OF_TASK[asked] != dataset.kind:
        message = f"{shorten_path(dataset.name)} has {dataset.kind}, and --task {asked} learns {KIND_OF_TASK[asked]}"
        raise DataError("data-differs", message, hints=["leave --task out: the output of the spec and the data say it"])


def check_views(task: Task, views: int) -> None:
    """Refuse more views of an image than what is predicted for them can be averaged.

    Raises:
        SpecError: for such a number.

    """
    if views > task.most_views:
        message = f"{views} views of an image are averaged for classes and numbers, and not for {task.learned}"
        raise SpecError(
            "bad-option", message, hints=[f"--views {task.most_views} averages an image and its mirror image"]
        )

"""What images show: by the network of a run, or by one with published weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.core.errors import CnncalcError, DataError, SpecError
from cnncalc.core.words import shorten_path
from cnncalc.loading import load_with
from cnncalc.model.build import build
from cnncalc.model.weights.given import fill_whole, given_weights
from cnncalc.network import Network, SpecSettings, refuse_several_inputs
from cnncalc.train.data import read_colours, read_image
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder_layout import images_below
from cnncalc.train.data.samples import is_sample, read_sample, samples_in
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.scoring import as_outputs
from cnncalc.train.engine.session import autocast
from cnncalc.train.run.trained import Trained
from cnncalc.train.tasks import Task, task_named

AT_ONCE = 32
"""Images that are classified at a time."""


class ImagePredictor(Protocol):
    """Something that says what images show."""

    @property
    def task(self) -> Task:
        """What it has learned."""
        ...

    def read(self, path: str) -> Tensor:
        """Return an image as the network wants it, of shape C x H x W; raises DataError for one that cannot be used."""
        ...

    def results(self, images: Tensor) -> Tensor:
        """Return what images of N x C x H x W show, as `Task.results` has it, on the CPU."""
        ...


class RunPredictor(NamedTuple):
    """The network of a run.

    Attributes:
        trained: with its weights.
        resize: what is done about images of another size.
        views: how many views of an image are averaged.

    """

    trained: Trained
    resize: str
    views: int

    @property
    def task(self) -> Task:
        """That of the run."""
        return self.trained.task

    def read(self, path: str) -> Tensor:
        """Return the pixels, uint8 or float32, with the colours that were trained on."""
        if is_sample(path):
            return self._sample(path)
        if self.trained.facts.floats:
            message = f"`{shorten_path(path)}` is not an array, and the run was trained on floats"
            raise DataError("data-differs", message, hints=["name a .npy file of N samples like those of training"])
        colour = str(self.trained.facts.data.get("colour", "auto"))
        return read_image(path, ImageFit(self.trained.network.input, self.resize, colour, trained=True))

    def _sample(self, name: str) -> Tensor:
        facts, volume = self.trained.facts, self.trained.network.input
        sample = read_sample(name, volume, str(facts.data.get("layout", "auto")))
        if sample.is_floating_point() != facts.floats:
            wanted, found = ("floats", "bytes") if facts.floats else ("bytes", "floats")
            message = f"`{shorten_path(name)}` holds {found}, and the run was trained on {wanted}"
            raise DataError("data-differs", message, hints=["store the array as the training data were stored"])
        return sample

    @torch.no_grad()
    def results(self, images: Tensor) -> Tensor:
        """Return the mean over the views."""
        trained, main = self.trained, heads_of(self.trained.network).main
        views = trained.augmenter.views(images.to(trained.device), self.views)
        with autocast(trained.recipe, trained.device)():
            outputs = [as_outputs(trained.module(view))[main] for view in views]
        return trained.task.results(trained.task.joined(outputs)).cpu()


class PublishedPredictor(NamedTuple):
    """A network with the weights that torchvision publishes.

    Attributes:
        module: with its weights.
        softmax: whether its outputs are logits.
        task: torchvision's classes.
        preprocess: torchvision's own, from an image of Pillow's to what the network sees.
        device: where the module is.

    """

    module: nn.Module
    softmax: bool
    task: Task
    preprocess: Callable[[Any], Any]
    device: torch.device

    def read(self, path: str) -> Tensor:
        """Return the normalised middle of an image, float32."""
        from torchvision.transforms.v2.functional import to_pil_image

        prepared: Tensor = self.preprocess(to_pil_image(read_colours(path)))  # Pillow and tensors are resized otherwise
        return prepared

    @torch.no_grad()
    def results(self, images: Tensor) -> Tensor:
        """Return the probabilities for the image as it is."""
        outputs = self.module(images.to(self.device)).flatten(1)
        return (functional.softmax(outputs, 1) if self.softmax else outputs).cpu()


def published_predictor(spec: str, settings: SpecSettings, weights: str, device: torch.device) -> PublishedPredictor:
    """Return a network of the zoo with its published weights.

    Raises:
        SpecError: for weights of other than torchvision, whose classes and preprocessing are not known, for another
            input than theirs, and for what `given_weights` refuses.

    """
    network = load_with(spec, settings)
    refuse_several_inputs(network, "predicting gives it one image at a time")
    given = given_weights(weights, network)
    if given.published is None:
        message = f"nothing is known of the classes of {given.name}"
        hints = [
            "`--weights torchvision` has names and preprocessing",
            "or train with it: cnncalc train SPEC --weights …",
        ]
        raise SpecError("no-weights", message, hints=hints)
    _check_input(network, given.published.preprocessing.crop)
    module = build(network, device="cpu").eval()
    fill_whole(module, given)
    ends_in_softmax = bool(network.layers) and network.layers[-1].layer.kind == "softmax"
    published = given.published
    task = task_named("classes", published.classes)
    return PublishedPredictor(module.to(device), not ends_in_softmax, task, published.preprocess, device)


def _check_input(network: Network, side: int) -> None:
    if network.input != (side, side, 3):
        message = f"the published weights see images of {side}x{side}x3, and the spec's input is {network.input}"
        raise SpecError("data-differs", message, hints=[f"`--input {side}x{side}x3`"])


# ---- many images


class Predicted(NamedTuple):
    """What was found of one image, as `Task.results` has it, or why it could not be used."""

    path: str
    result: Tensor | None = None
    fault: str = ""


def images_of(paths: Iterable[str]) -> tuple[list[str], bool]:
    """Return the images and samples that paths name, those in folders sorted; and whether a folder was among them.

    Raises:
        DataError: for a folder without images, and an array that cannot be read.

    """
    found: list[str] = []
    folders = [path for path in paths if os.path.isdir(path)]
    for path in paths:
        inside = images_below(path) if path in folders else samples_in(path) or [path]
        if not inside:
            raise DataError("bad-data", f"no image lies in `{shorten_path(path)}`")
        found += inside
    return found, bool(folders)


def predictions(predictor: ImagePredictor, paths: Sequence[str], *, passing: bool) -> Iterator[Predicted]:
    """Say what images show, in their order.

    Args:
        predictor: says it.
        paths: of the images.
        passing: whether an image that cannot be used is passed over; else it is an error.

    Raises:
        DataError: for an image that cannot be used.

    """
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), AT_ONCE):
            yield from _batch(predictor, paths[start : start + AT_ONCE], pool, passing)


def _batch(
    predictor: ImagePredictor, paths: Sequence[str], pool: ThreadPoolExecutor, passing: bool
) -> Iterator[Predicted]:
    read = list(pool.map(lambda path: _read(predictor, path), paths))
    faults = [image for image in read if isinstance(image, CnncalcError)]
    if faults and not passing:
        raise faults[0]
    images = [image for image in read if isinstance(image, Tensor)]
    results = iter(predictor.results(torch.stack(images)) if images else ())
    for path, image in zip(paths, read, strict=True):
        yield Predicted(path, next(results)) if isinstance(image, Tensor) else Predicted(path, fault=image.message)


def _read(predictor: ImagePredictor, path: str) -> Tensor | CnncalcError:
    try:
        return predictor.read(path)
    except CnncalcError as error:
        return error

"""The network that is looked at: that of a run, or a spec with weights from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from cnncalc.core.errors import ArgumentError, CnncalcError
from cnncalc.model.build import build
from cnncalc.model.weights.given import fill_whole, given_weights
from cnncalc.model.weights.torchvision_weights import Pretrained
from cnncalc.network import Network, refuse_several_inputs
from cnncalc.train.data import DataRequest, check_dataset, load_dataset
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.engine.augment import Augmenter, PixelNormalisation
from cnncalc.train.engine.scoring import BatchCallback, score
from cnncalc.train.engine.session import autocast
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.data_origin import normalisation_of
from cnncalc.train.run.trained import AT_ONCE, SplitToTest, Tested, Trained, load_trained, some_images
from cnncalc.train.tasks import Task, task_for, task_named, task_of_spec

_TAKEN: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "none": ((0.0,), (1.0,)),
    "half": ((0.5,), (1.0,)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""What each of the `NORMALISATIONS` takes from pixels in 0..1, and what they are then divided by."""

Tester = Callable[[SplitToTest, BatchCallback], Tested]


class Subject(NamedTuple):
    """A network that is looked at.

    Attributes:
        name: the folder or the spec, as it was given.
        weights: ``best`` or ``last``; of a spec, where they come from, in words.
        epoch: after which they were taken; None for those of a spec.
        network: that of the module: without what the loss does itself at its end, such as a softmax.
        module: makes logits.
        augmenter: makes of pixels what the module sees, in float32.
        task: what it has learned; the names of a spec's classes are numbers.
        fit: how images from files become the input.
        images: those to test on; None where there are none.
        missing: why there are none; else "".
        tester: tests on images, and calls a function for every batch.

    """

    name: str
    weights: str
    epoch: int | None
    network: Network
    module: fx.GraphModule
    augmenter: Augmenter
    task: Task
    fit: ImageFit
    images: SplitToTest | None
    missing: str
    tester: Tester

    @property
    def device(self) -> torch.device:
        """Where the module is."""
        return next(self.module.parameters()).device

    @property
    def weights_text(self) -> str:
        """Whose weights these are, in words."""
        return self.weights if self.epoch is None else f"the {self.weights} weights (epoch {self.epoch})"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, the labels or the numbers."""
        return self.task.names

    @property
    def classifies(self) -> bool:
        """Whether the network makes one score for each of several classes."""
        output = self.network.output
        one = not self.network.outputs_at and max(output.spatial) == 1 and output.channels > 1
        return one and self.task.name == "classes"

    @property
    def without_images(self) -> str:
        """What is said where images are needed, and there are none to test on."""
        return f"This needs images, and there are none: {self.missing}."

    def seen(self, pixels: Tensor) -> Tensor:
        """Return what the module sees of images: float32 N x C x H x W of uint8 pixels of the same shape."""
        return self.augmenter.plain(pixels.to(self.device))

    def fetch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pixels, uint8 N x C x H x W on the CPU, and labels of some of the images to test on."""
        assert self.images is not None  # callers check that there are images
        [(pixels, labels)] = self.images.split.batches([indices])
        return pixels.cpu(), labels.cpu()


def subject_of_run(path: str, which: str, device: torch.device, given: Mapping[str, Any]) -> Subject:
    """Return the network of a run.

    Args:
        path: the run's folder.
        which: ``best`` or ``last``.
        device: where the module is put.
        given: fields of a `DataRequest` that are to be others than the run's.

    Raises:
        SpecError: where this is no run, or its weights are not there; and for data that are asked for and do not suit.
            Where the run's own data are not there or have changed, that is said in ``missing``.

    """
    trained = load_trained(path, which, device)
    images, missing = _images_or_reason(lambda: trained.images(given), asked="data" in given)
    return Subject(
        name=path,
        weights=which,
        epoch=trained.epoch,
        network=trained.task.logits(trained.network),
        module=trained.module,
        augmenter=_exact(trained, device),
        task=trained.task,
        fit=_fit(trained.network, trained.facts.data, given),
        images=images,
        missing=missing,
        tester=lambda images, on_batch: trained.test_on(images, None, on_batch),
    )


def _exact(trained: Trained, device: torch.device) -> Augmenter:
    """Return what makes float32 of pixels: what is looked at is not rounded, however the run was trained."""
    normalisation = normalisation_of(trained.facts)
    return Augmenter(replace(trained.recipe, precision="float32"), trained.network.input, normalisation, 1, device)


def _images_or_reason(load: Callable[[], SplitToTest], *, asked: bool) -> tuple[SplitToTest | None, str]:
    try:
        return load(), ""
    except CnncalcError as error:
        if asked or error.code == "not-installed":
            raise
        return None, error.message


def subject_of_spec(
    network: Network, name: str, written: str, normalise: str | None, device: torch.device, given: Mapping[str, Any]
) -> Subject:
    """Return the network of a spec with weights from elsewhere.

    Args:
        network: of the spec.
        name: how the spec was given.
        written: a file, ``torchvision`` or ``torchvision:MODEL``; see `given_weights`.
        normalise: one of the `NORMALISATIONS`; None for that of published weights, and for a file none.
        device: where the module is put.
        given: fields of a `DataRequest`; without ``data`` there are no images.

    Raises:
        SpecError: where the weights cannot be read, or are those of another network; for data that do not suit.

    """
    refuse_several_inputs(network, "inspecting gives it one image at a time")
    name_of_task = task_of_spec(network)
    logits = task_named("classes" if name_of_task == "auto" else name_of_task, ()).logits(network)
    weights = given_weights(written, network)
    published = weights.published
    normalisation = _normalisation(network.input.channels, normalise, published)
    module = build(logits, device=device)
    fill_whole(module, weights)
    module.eval()
    recipe = replace(Recipe(), precision="float32")
    augmenter = Augmenter(recipe, network.input, normalisation, 1, device)
    named = published.classes if published and len(published.classes) == network.output.channels else None
    images, task = _given_images(network, given, named)

    def test(images: SplitToTest, on_batch: BatchCallback) -> Tested:
        split, cast = images.split.to(device), autocast(recipe, device)
        found = score(module, split, augmenter, task=task, batch=AT_ONCE, cast=cast, on_batch=on_batch)
        return Tested(found, images.what, 1, images.notes)

    missing = "" if images else "a spec has no data of its own: name images with --data"
    cropped = {"resize": "crop"} if published else {}  # as they are published, the middle of a photo is seen
    fit, whose = _fit(network, cropped, given), f"the weights of {weights.name}"
    return Subject(name, whose, None, logits, module, augmenter, task, fit, images, missing, test)


def _normalisation(channels: int, normalise: str | None, published: Pretrained | None) -> PixelNormalisation:
    if normalise is None and published is not None and len(published.preprocessing.mean) == channels:
        return PixelNormalisation(published.preprocessing.mean, published.preprocessing.deviation)
    taken = _TAKEN[normalise or "none"]
    mean, deviation = (_for_channels(values, channels, normalise or "none") for values in taken)
    return PixelNormalisation(mean, deviation)


def _fit(network: Network, *settings: Mapping[str, Any]) -> ImageFit:
    """Return how images become the input; later settings win."""
    found = {"resize": "none", "colour": "auto"}
    for given in settings:
        found |= {name: str(given[name]) for name in found if name in given}
    return ImageFit(network.input, **found, trained=True)


def _for_channels(values: tuple[float, ...], channels: int, normalise: str) -> tuple[float, ...]:
    """Return a value for each channel."""
    if len(values) not in (1, channels):
        message = f"--normalise {normalise} is for images of 3 channels, and the network's have {channels}"
        raise ArgumentError("bad-option", message, hints=["use --normalise none or half"])
    return values if len(values) == channels else values * channels


def _given_images(
    network: Network, given: Mapping[str, Any], named: tuple[str, ...] | None
) -> tuple[SplitToTest | None, Task]:
    """Return the images that a spec is to be tested on, and what it has learned."""
    if "data" not in given:
        kind = task_of_spec(network)
        names = named or tuple(map(str, range(network.output.channels)))
        return None, task_named("classes" if kind == "auto" else kind, names)
    request = DataRequest(**{name: value for name, value in given.items() if name != "limit"})
    request = request._replace(task=task_of_spec(network), trained=True)
    dataset = load_dataset(request, network.input, classes=network.output.channels)
    check_dataset(dataset, network, trained=True)
    parts = [(dataset.test, "test "), (dataset.validation, "validation "), (dataset.train, "")]
    split, kind = next((split, kind) for split, kind in parts if split is not None)
    return some_images(dataset, split, kind, given.get("limit")), task_for(dataset, network)

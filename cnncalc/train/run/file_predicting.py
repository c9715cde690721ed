"""What images show, by a file of weights that says which network it is of, as the playground saves it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.core.errors import SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.loading import load
from cnncalc.model.build import build
from cnncalc.model.weights.given import fill_whole, given_weights
from cnncalc.train.data import read_image
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.ends import without_end
from cnncalc.train.tasks import Task, task_named

SOFTMAX = ("softmax", "logsoftmax")


class FilePredictor(NamedTuple):
    """A network with the weights of a file.

    Attributes:
        module: with its weights; it makes logits.
        classes: their names.
        volume: of an image.
        resize: what is done about images of another size.
        mean, deviation: of pixels between 0 and 1, per channel, as in training.
        device: where the module is.

    """

    module: nn.Module
    classes: list[str]
    volume: Volume
    resize: str
    mean: Tensor
    deviation: Tensor
    device: torch.device

    @property
    def task(self) -> Task:
        """Telling the classes apart."""
        return task_named("classes", self.classes)

    def read(self, path: str) -> Tensor:
        """Return the pixels of an image, uint8 C x H x W."""
        return read_image(path, ImageFit(self.volume, self.resize, trained=True))

    @torch.no_grad()
    def results(self, images: Tensor) -> Tensor:
        """Return the probability of each class."""
        normalised = (images.to(self.device) / 255 - self.mean) / self.deviation
        return functional.softmax(self.module(normalised).flatten(1), 1).cpu()


def file_predictor(path: str, resize: str | None, device: torch.device) -> FilePredictor:
    """Return the network of a file of weights that has its spec, its classes and its normalisation with it.

    Args:
        path: a .safetensors file.
        resize: what is done about images of another size; None for nothing.
        device: where it computes.

    Raises:
        SpecError: for another file, and for weights of another network.

    """
    said = _metadata(path)
    try:
        network = without_end(load(f"{said['spec']}\n"), SOFTMAX)
        classes = [str(name) for name in json.loads(said["classes"])]
        channels = (network.input.channels, 1, 1)
        mean, deviation = (torch.tensor(json.loads(said[key])).view(channels) for key in ("mean", "deviation"))
    except (KeyError, TypeError, ValueError, RuntimeError):
        message = f"`{shorten_path(path)}` does not say which network and which classes it is of"
        hints = ["such a file is saved by the playground; other weights go into a run: cnncalc train SPEC --weights …"]
        raise SpecError("bad-weights", message, hints=hints) from None
    module = build(network, device="cpu").eval()
    fill_whole(module, given_weights(path, network))
    moved = (mean.to(device), deviation.to(device))
    return FilePredictor(module.to(device), classes, network.input, resize or "none", *moved, device)


def _metadata(path: str) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SpecError("bad-weights", f"`{shorten_path(path)}` cannot be read: {reason}") from None

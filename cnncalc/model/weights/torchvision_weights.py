"""Weights that torchvision publishes: fetched and checked by torchvision, with their classes and preprocessing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from http.client import HTTPException
from io import StringIO
from typing import Any, NamedTuple
from urllib.error import URLError

import torch
from torch import Tensor, nn

from cnncalc.core.errors import SpecError
from cnncalc.core.words import did_you_mean, shorten, shorten_path

WORD = "torchvision"
"""What `--weights` calls them; `torchvision:resnet18` where the spec is not called so."""

_OWN_NORMALISATION = ("googlenet", "inception_v3")
"""Networks whose published weights want (pixels - 0.5) / 0.5, to which torchvision's models turn what is normalised."""


class Preprocessing(NamedTuple):
    """How an image becomes the input of a published network.

    Attributes:
        resize: the shorter side becomes this long, in pixels.
        crop: side of the square that is then cut out of the middle, in pixels.
        mean, deviation: by which pixels in 0..1 are normalised, for each channel.
        interpolation: torchvision's name of the way to resize.

    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    interpolation: str


class Pretrained(NamedTuple):
    """Published weights.

    Attributes:
        name: torchvision's name of the model and of its weights: ``resnet18, IMAGENET1K_V1``.
        tensors: by torchvision's names.
        classes: names of the classes.
        preprocessing: of images.
        preprocess: does it, from an image of Pillow's or a tensor of any size.

    """

    name: str
    tensors: dict[str, Tensor]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    preprocess: Callable[[Any], Tensor]


def names_torchvision(written: str) -> bool:
    """Say whether `--weights` means those of torchvision."""
    return written == WORD or written.startswith(f"{WORD}:")


def pretrained(written: str, spec: str) -> Pretrained:
    """Return the weights that torchvision publishes for a model, by default the newest.

    They lie in PyTorch's own folder (``~/.cache/torch/hub/checkpoints``), and are fetched where they are not there. The
    file's SHA-256 must begin with the digits that its name ends with.

    Args:
        written: ``torchvision``, ``torchvision:MODEL`` or ``torchvision:MODEL/WEIGHTS``.
        spec: the name of the spec, which is the model's where none is written.

    Raises:
        SpecError: for a model that torchvision has no weights for, where they cannot be fetched, and where they are not
            what torchvision published.

    """
    model, weights = _named(written, spec)
    tensors = _fetched(weights)
    halves = {"mean": (0.5,) * 3, "std": (0.5,) * 3} if model in _OWN_NORMALISATION else {}
    preset = weights.transforms(**halves)
    mean, deviation = tuple(preset.mean), tuple(preset.std)
    preprocessing = Preprocessing(
        preset.resize_size[0], preset.crop_size[0], mean, deviation, preset.interpolation.value
    )
    return Pretrained(f"{model}, {weights.name}", tensors, tuple(weights.meta["categories"]), preprocessing, preset)


def torchvision_model(written: str, spec: str) -> nn.Module:
    """Return torchvision's own model with its weights, to compare with; raises like `pretrained`."""
    from torchvision import models

    model, weights = _named(written, spec)
    _fetched(weights)
    made: nn.Module = models.get_model(model, weights=weights)
    return made.eval()


def _named(written: str, spec: str) -> tuple[str, Any]:
    """Return torchvision's name of a model, and its weights."""
    from torchvision import models

    wanted, _, which = written.partition(":")[2].partition("/")
    names = [name for name in models.list_models(models) if not name.startswith(("vit", "swin", "maxvit"))]
    model = (wanted or spec).strip().lower().replace("-", "_")
    if model not in names:
        message = f"torchvision has no weights for `{shorten(wanted or spec)}`"
        hints = (
            did_you_mean(model, names) if wanted else ["say which model's they are: `--weights torchvision:resnet18`"]
        )
        raise SpecError("no-weights", message, hints=hints)
    known = models.get_model_weights(model)
    if not which:
        return model, known.DEFAULT
    if which.upper() not in known.__members__:
        message = f"torchvision has no weights called `{shorten(which)}` for {model}"
        raise SpecError("no-weights", message, hints=[f"it has {', '.join(known.__members__)}"])
    return model, known[which.upper()]


def _fetched(weights: Any) -> dict[str, Tensor]:
    shown = sys.stderr.isatty()
    try:
        with redirect_stdout(sys.stderr if shown else StringIO()):  # PyTorch writes what it fetches
            return dict(weights.get_state_dict(progress=shown, check_hash=True))
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = shorten(str(getattr(error, "reason", error)), 160)
        message = f"the weights {weights.url} cannot be fetched: {reason}"
        folder = shorten_path(f"{torch.hub.get_dir()}/checkpoints")
        raise SpecError("download-failed", message, hints=[f"or put the file into `{folder}`"]) from None
    except RuntimeError as error:
        if "hash" not in str(error):
            raise
        message = f"the file at {weights.url} is not the one that torchvision published: its hash differs"
        raise SpecError("download-failed", message) from None
    except OSError as error:
        message = f"cannot keep the weights {weights.url}: {error.strerror or error}"
        raise SpecError("download-failed", message) from None

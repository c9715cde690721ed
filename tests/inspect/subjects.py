"""Networks that are looked at in the tests: small, with weights and images that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import cnncalc
from cnncalc.inspect.look import look_at
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.parts import TrainedLook
from cnncalc.inspect.subject import Subject, subject_of_spec
from cnncalc.train.tasks import Classes


def make_subject(
    folder: Path,
    spec: str,
    *,
    weights: Mapping[str, Tensor] | None = None,
    images: NDArray[np.uint8] | None = None,
    labels: list[int] | None = None,
) -> Subject:
    """Return a network with weights from a file: those that are given, and for the others the first ones of a seed."""
    network = cnncalc.load(spec)
    state = cnncalc.build(network, seed=0).state_dict()
    state |= {name: value.view(state[name].shape).to(state[name].dtype) for name, value in (weights or {}).items()}
    torch.save(state, folder / "weights.pt")
    given: dict[str, str] = {}
    if images is not None:
        np.savez(folder / "data.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        given = {"data": str(folder / "data.npz")}
    return subject_of_spec(network, "net", str(folder / "weights.pt"), "none", torch.device("cpu"), given)


def noise(count: int, *size: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return images of noise, uint8 N x H x W or N x H x W x C."""
    return np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)


COLOURS = "input 12x12x3\nconv 3x3x8 p1 - relu - pool2\nconv 3x3x12 p1 - relu\ngap - fc 3"


def look(folder: Path, classes: tuple[str, ...] = ("cat", "dog", "horse"), many: int = 0) -> TrainedLook:
    """Return a look at a network with first weights, at images of noise."""
    spec = COLOURS.replace("fc 3", f"fc {many}") if many else COLOURS
    labels = [index % (many or 3) for index in range(60)]
    subject = make_subject(folder, spec, images=noise(60, 12, 12, 3), labels=labels)
    return look_at(subject._replace(name=classes[0], task=subject.task if many else Classes(classes)), LookOptions())

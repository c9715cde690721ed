"""What images show, by an ONNX file that ``cnncalc export RUN`` wrote: whether it answers as its run does."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.train.data import read_image
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data_request import RESIZES
from cnncalc.train.tasks import Task, task_named


class OnnxPredictor(NamedTuple):
    """An exported network with its preprocessing inside.

    Attributes:
        session: runs it.
        task: what it has learned.
        volume: of an image.
        resize: what is done about images of another size.
        reverse: whether it takes blue first.

    """

    session: Any
    task: Task
    volume: Volume
    resize: str
    reverse: bool

    def read(self, path: str) -> Tensor:
        """Return the pixels, uint8, in the file's order of colours."""
        pixels = read_image(path, ImageFit(self.volume, self.resize, trained=True))
        return pixels.flip(0) if self.reverse else pixels

    def results(self, images: Tensor) -> Tensor:
        """Return what the file computes."""
        (results,) = self.session.run(None, {"images": np.ascontiguousarray(images.numpy())})
        return torch.from_numpy(results)


def onnx_predictor(path: str, resize: str | None) -> OnnxPredictor:
    """Return the network of an ONNX file that ``cnncalc export RUN`` wrote.

    Args:
        path: the file.
        resize: what is done about images of another size; None for what training did.

    Raises:
        SpecError: for another file.

    """
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a class of its own for each of its codes
        reason = str(error).splitlines()[0]
        raise SpecError("bad-weights", f"ONNX Runtime cannot read `{shorten_path(path)}`: {reason}") from None
    said = session.get_modelmeta().custom_metadata_map
    try:
        taken, task = json.loads(said["input"]), task_named(json.loads(said["task"]), json.loads(said["classes"]))
        inside = json.loads(said["preprocessing"])["inside"]
        volume = Volume.of(taken["sizes"][2:], taken["sizes"][1])
        how = resize or str(taken["resize"])
    except (KeyError, TypeError, ValueError, IndexError):
        inside, how = False, ""
    if not inside or how not in RESIZES or taken["type"] != "uint8":
        message = f"`{shorten_path(path)}` is not a run that was exported with its preprocessing"
        raise SpecError("bad-weights", message, hints=["write one: cnncalc export RUN -o model.onnx"])
    return OnnxPredictor(session, task, volume, how, taken.get("colours") == "BGR")

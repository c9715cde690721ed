"""int8: an ONNX file whose weights and activations are whole numbers of 8 bits, calibrated with images of a run.

ONNX Runtime quantises: of every activation the range is found on calibration images, of weights for each channel.
Weights use 7 of the 8 bits, since processors without VNNI instructions add pairs of products in 16 bits.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime import quantization

from cnncalc.core.errors import SpecError
from cnncalc.train.data import Split
from cnncalc.train.data.dataset import spread
from cnncalc.train.run.trained import SplitToTest

CALIBRATION = 512
"""Images on which the ranges of activations are found, evenly spaced among those that were trained on."""

AT_ONCE = 64
"""Images that are computed at a time."""

Prepare = Callable[[torch.Tensor], torch.Tensor]
"""Makes of pixels what the file takes."""


class Quantised(NamedTuple):
    """A network in int8.

    Attributes:
        data: the ONNX file.
        before, after: how many of the tested images each file classifies correctly.
        tested: what was tested.
        images: how many images that are.
        calibrated: on how many images.
        before_bytes: size of the file that was quantised.

    """

    data: bytes
    before: int
    after: int
    tested: str
    images: int
    calibrated: int
    before_bytes: int


def quantised(model: bytes, training: Split, tested: SplitToTest, prepare: Prepare) -> Quantised:
    """Quantise an ONNX file to int8, and test it before and after.

    Args:
        model: the file, from ``images`` to class scores.
        training: images to calibrate with.
        tested: images to test on.
        prepare: see `Prepare`.

    Raises:
        SpecError: for a network that ONNX Runtime cannot quantise.

    """
    images = training.subset(spread(len(training), CALIBRATION))
    data = _quantise(model, _Images(images, prepare))
    before, after = (_right(file, tested.split, prepare) for file in (model, data))
    return Quantised(data, before, after, tested.what, len(tested.split), len(images), len(model))


def _quantise(model: bytes, images: _Images) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        plain, folded, target = (os.path.join(folder, name) for name in ("plain.onnx", "folded.onnx", "int8.onnx"))
        with open(plain, "wb") as file:
            file.write(model)
        try:
            quantization.quant_pre_process(plain, folded, skip_symbolic_shape=True)  # norms become part of convolutions
            quantization.quantize_static(
                folded,
                target,
                images,
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        except (RuntimeError, ValueError, NotImplementedError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SpecError("not-in-int8", f"ONNX Runtime cannot quantise this network: {reason}") from None
        with open(target, "rb") as file:
            return file.read()


class _Images(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Hands calibration images to ONNX Runtime, a batch at a time."""

    def __init__(self, images: Split, prepare: Prepare) -> None:
        self._batches = _batches(images, prepare)

    def get_next(self) -> dict[str, Any] | None:
        return next(({"images": pixels} for pixels, _ in self._batches), None)


def _batches(split: Split, prepare: Prepare) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    for pixels, labels in split.batches(torch.split(torch.arange(len(split)), AT_ONCE)):
        yield prepare(pixels).numpy(), labels.numpy()


def _right(model: bytes, split: Split, prepare: Prepare) -> int:
    """Return how many images a file classifies correctly."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    right = 0
    for images, labels in _batches(split, prepare):
        scores = session.run(None, {"images": images})[0]
        right += int((scores.reshape(len(labels), -1).argmax(1) == labels).sum())
    return right


def accuracy_metadata(quantised: Quantised) -> dict[str, str]:
    """Return what an int8 file says of its accuracy, and of what it was made with."""
    measured = {
        "images": quantised.images,
        "of": quantised.tested,
        "int8": quantised.after / quantised.images,
        "float32": quantised.before / quantised.images,
    }
    made = {"format": "QDQ", "activations": "uint8", "weights": "int8, 7 bits, per channel"}
    calibrated = {**made, "calibration images": quantised.calibrated, "by": f"onnxruntime {onnxruntime.__version__}"}
    return {"accuracy": json.dumps(measured, ensure_ascii=False), "quantisation": json.dumps(calibrated)}


def with_metadata(model: bytes, metadata: dict[str, str]) -> bytes:
    """Return an ONNX file that says something more of itself."""
    found = onnx.load_from_string(model)
    for name, text in metadata.items():
        found.metadata_props.add(key=name, value=text)
    data: bytes = found.SerializeToString()
    return data

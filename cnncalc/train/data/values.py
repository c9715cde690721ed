"""The values of images and signals: bytes as they are, and all other numbers as float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cnncalc.core.errors import DataError
from cnncalc.train.data.labels import Described, Named

_NUMBERS = "biuf"
"""NumPy's letters for the types whose values can be learned from: truth values, whole numbers and floats."""

_AT_A_TIME = 2**24
"""Values that are looked at together, so that little memory is needed beside the result."""


def check_values(images: Described) -> None:
    """Refuse arrays whose values are no real numbers.

    Raises:
        DataError: for texts, complex numbers, records and the like.

    """
    if images.dtype.kind not in _NUMBERS:
        message = f"{images.name} holds {images.dtype}; images and signals are real numbers"
        raise DataError("bad-data", message, hints=["uint8 is 0 to 255; other numbers are used as they are"])


def values_of(images: Named) -> torch.Tensor:
    """Return the values of an array whose first size is the number of samples: uint8 as they are, others as float32.

    Raises:
        DataError: for NaN and infinite values, and those that float32 cannot hold, with the first sample that has one.

    """
    values = images.values
    if values.dtype == np.uint8:
        return torch.from_numpy(np.ascontiguousarray(values))
    found = np.empty(values.shape, np.float32)
    rows = max(1, _AT_A_TIME // max(1, values[:1].size))
    for start in range(0, len(values), rows):
        part = values[start : start + rows]
        with np.errstate(over="ignore"):
            found[start : start + rows] = part
        wrong = ~np.isfinite(found[start : start + rows]).reshape(len(part), -1).all(1)
        if wrong.any():
            raise _not_finite(images.name, start + int(wrong.argmax()), part[int(wrong.argmax())])
    return torch.from_numpy(found)


def _not_finite(name: str, place: int, sample: npt.NDArray[Any]) -> DataError:
    counted = f"sample {place:,} (counted from 0)"
    if np.isnan(sample).any():
        message, hint = f"{name}: {counted} has NaN", "replace it: x = numpy.nan_to_num(x), or leave the sample out"
    elif np.isinf(sample).any():
        message, hint = f"{name}: {counted} has infinite values", "replace them, or leave the sample out"
    else:
        message, hint = f"{name}: {counted} has values above 3.4e38, the largest of float32", "scale the values down"
    return DataError("bad-data", message, hints=[hint])

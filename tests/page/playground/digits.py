"""The digits that come with the playground: ``python -m tests.page.playground.digits`` writes them anew.

They are scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
1998, UCI Machine Learning Repository, CC BY 4.0), with values from 0 to 16.
"""

from __future__ import annotations

import numpy as np
import torch

from cnncalc.train.data.digits import load_digits
from tests.house import ROOT

FILE = ROOT / "cnncalc" / "playground" / "assets" / "digits.bin"


def packed() -> bytes:
    """Return the images in the split of `cnncalc train`, a byte for each pixel, and then the labels."""
    data = load_digits()
    parts = [data.train, data.test]
    pixels, labels = [], []
    for part in parts:
        [(images, targets)] = list(part.batches([torch.arange(len(part))]))
        pixels.append(images.numpy().reshape(len(part), -1))
        labels.append(targets.numpy())
    values = np.rint(np.concatenate(pixels) * (16 / 255)).astype(np.uint8)
    return values.tobytes() + np.concatenate(labels).astype(np.uint8).tobytes()


if __name__ == "__main__":
    FILE.write_bytes(packed())

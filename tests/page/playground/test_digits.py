"""The digits that come with the playground are those of scikit-learn."""

from __future__ import annotations

import numpy as np

from tests.page.playground.digits import FILE, packed


def test_they_are_those_of_scikit_learn() -> None:
    """Each image and each label, in the split of `cnncalc train --data digits`."""
    from sklearn.datasets import load_digits

    data = FILE.read_bytes()
    assert data == packed()
    original = load_digits()
    values = np.frombuffer(data, np.uint8)
    images, labels = values[: 1797 * 64].reshape(-1, 64), values[1797 * 64 :]
    theirs = sorted(
        (*map(int, image.ravel()), int(label)) for image, label in zip(original.images, original.target, strict=True)
    )
    assert sorted((*map(int, image), int(label)) for image, label in zip(images, labels, strict=True)) == theirs

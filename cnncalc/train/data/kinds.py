"""The kinds of targets: what a data set says of every image."""

from __future__ import annotations

CLASSES, LABELS, NUMBERS, MASKS = KINDS = ("classes", "labels", "numbers", "masks")
"""Of every image, as a split keeps it (`Split.labels`):

- ``classes``: the index of its class, int64 of shape [N];
- ``labels``: for each label 1 where it holds and 0 elsewhere, float32 of shape [N, labels];
- ``numbers``: float32 of shape [N, numbers];
- ``masks``: the index of each pixel's class, or `IGNORED`, uint8 of shape [N, H, W], as many sizes as an image has.
"""

IGNORED = 255
"""What a pixel of a mask is that belongs to no class, and counts in neither loss nor metrics."""

MOST_MASK_CLASSES = 255
"""Most classes that a mask can have."""

KIND_OF_TASK = {"classes": CLASSES, "binary": CLASSES, "labels": LABELS, "regression": NUMBERS, "masks": MASKS}
"""The kind of targets that each task learns."""

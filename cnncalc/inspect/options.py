"""The options of a look at a trained network. Nothing here imports torch."""

from __future__ import annotations

from typing import NamedTuple

PARTS = {
    "filters": "the filters of the first layer",
    "maps": "the activation maps of the layers, for images",
    "cam": "class activation maps: where in images the likeliest classes are seen",
    "patches": "the parts of images that activate the units of layers most",
    "mistakes": "the worst mistakes",
    "metrics": "precision, recall, F1 and the confusion matrix",
}
"""The parts of a look, and what they show."""

NORMALISATIONS = ("none", "half", "imagenet")
"""What may be done to the pixels of a spec's images: nothing but /255, minus 0.5, by ImageNet's mean and deviation."""


class LookOptions(NamedTuple):
    """What is shown of a network.

    Attributes:
        images: paths of image files; a few of the test images where there are none.
        layers: names; a sensible few where there are none.
        units: channels whose patches are shown; those that are excited most where there are none.
        only: parts; all where there are none.

    """

    images: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    only: tuple[str, ...] = ()

    def wants(self, *parts: str) -> bool:
        """Say whether one of some parts is to be shown."""
        return not self.only or any(part in self.only for part in parts)

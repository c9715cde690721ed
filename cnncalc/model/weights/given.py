"""What `--weights` says, as tensors: a file, the folder of a run, or weights that torchvision publishes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from cnncalc.core.words import shorten_path
from cnncalc.model.weights import RUN_WEIGHTS
from cnncalc.model.weights.files import read_weights
from cnncalc.model.weights.matching import Matching, check_whole, fill, match
from cnncalc.model.weights.torchvision_weights import Pretrained, names_torchvision, pretrained
from cnncalc.network import Network


class GivenWeights(NamedTuple):
    """Weights that a user gave.

    Attributes:
        name: how people know them: a path, or torchvision's name.
        tensors: by their names, in the order of the file.
        published: what torchvision says of them; None for a file.

    """

    name: str
    tensors: Mapping[str, Tensor]
    published: Pretrained | None = None


def given_weights(written: str, network: Network) -> GivenWeights:
    """Return the weights that are meant.

    Args:
        written: the path of a file or of a run's folder, ``torchvision``, or ``torchvision:MODEL``.
        network: what they are for; its spec's name is the model's where none is written.

    Raises:
        SpecError: for weights that are not there, are damaged or cannot be fetched.

    """
    if names_torchvision(written):
        published = pretrained(written, network.source.name)
        return GivenWeights(f"torchvision's {published.name}", published.tensors, published)
    path = Path(written) / RUN_WEIGHTS if Path(written).is_dir() else Path(written)
    return GivenWeights(shorten_path(str(path)), read_weights(str(path)))


def fill_whole(module: nn.Module, given: GivenWeights) -> Matching:
    """Give a module all its weights; raises SpecError where they are another network's or lack some."""
    matching = match(module, given.tensors)
    check_whole(matching, f"the weights of {given.name}")
    fill(module, given.tensors, matching)
    return matching

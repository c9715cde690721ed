"""The way back: a PyTorch module as the text of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from torch import nn

from cnncalc.errors import SpecError
from cnncalc.loading import load
from cnncalc.model.importing.folding import folded
from cnncalc.model.importing.lines import laid_out
from cnncalc.model.importing.operations import Operation, Readout
from cnncalc.model.importing.reading import read
from cnncalc.model.importing.structure import Fork, Part, Take, nested, united
from cnncalc.network import Network


class Imported(NamedTuple):
    """What a module was imported as.

    Attributes:
        text: the spec.
        network: the same, loaded.
        unused: parameters of the module that its output does not depend on, by their paths.
    """

    text: str
    network: Network
    unused: tuple[str, ...]


def import_module(module: nn.Module, input: str | tuple[int, ...], *, heading: str = "") -> Imported:
    """Write a spec for what a module does when it is tested, and check it.

    Args:
        module: traced with torch.fx in eval mode, and handed back as it was. Its weights are not read.
        input: the volume of one image, ``"224x224x3"`` or ``(224, 224, 3)``.
        heading: comment lines to begin with.

    Raises:
        SpecError: where the module cannot be traced, does what the language has no word for, or would not be
            the same network as the text.
    """
    volume = load("identity\n", input=input).input
    readout = read(module, volume)
    parts = nested(readout)
    order = [part.operation for part in _in_order(parts)]
    text = folded(united(parts), readout)
    rounding = "" if _fits(laid_out(text, volume, "", "")) else "floor"
    spec = laid_out(text, volume, heading, rounding)
    network = load(spec)
    _check(network, order, readout)
    return Imported(spec, network, readout.unused)


def _fits(text: str) -> bool:
    """Say whether every window fits, so that nothing has to be rounded."""
    try:
        load(text)
    except SpecError as error:
        if error.code != "does-not-fit":
            raise
        return False
    return True


def _in_order(parts: Iterable[Part | Take]) -> Iterator[Part]:
    """Go through the parts in the order of the text, which is that of the network's layers."""
    for part in parts:
        if isinstance(part, Fork):
            for branch in part.branches:
                yield from _in_order(branch)
        if isinstance(part, Part):
            yield part


def _check(network: Network, operations: list[Operation], readout: Readout) -> None:
    """Make sure that the text is the module: every volume, and the parameters of every layer."""
    made = [(node.output, node.params) for node in network.layers]
    read_ = [(operation.output, operation.params) for operation in operations]
    if made == read_ and network.output == readout.volume(readout.output):
        return
    place = next((place for place, pair in enumerate(zip(made, read_, strict=False)) if pair[0] != pair[1]), -1)
    where = operations[place].path if operations else ""
    raise SpecError(
        "import-differs",
        f"this is a mistake in cnncalc: the text it made is another network from `{where}` on; nothing is written",
        hints=["please report it with the module"],
    )

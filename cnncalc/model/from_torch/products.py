"""How products of two volumes as matrices are read that sum over all positions, over the channels, or over nothing."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

from cnncalc.layers.constants import Times
from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.axes import CHANNELS, Atom
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.channel_axes import reduced
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.merges import merged
from cnncalc.model.from_torch.refusals import AS_MATRICES
from cnncalc.model.from_torch.values import View


def of_volumes(call: Call) -> Any:
    """Read a product of two volumes as matrices; None where one of them is something else."""
    one, other = call.first, call["other"]
    if not isinstance(one, View) or not isinstance(other, View):
        return None
    emitter = call.emitter
    one, other = emitter.settled(one), emitter.settled(other)
    if len(one.axes) != len(other.axes) or len(one.axes) < len("NMK"):
        raise Unsayable(AS_MATRICES)
    for read in (_of_columns, _over_channels, _over_positions):
        if (made := read(emitter, one, other)) is not None:
            return made
    raise Unsayable(AS_MATRICES)


def _of_columns(emitter: Emitter, one: View, other: View) -> View | None:
    """Read the product of a column and a row: every value of one times every value of the other."""
    return None if one.axes[-1] or other.axes[-2] else merged(emitter, "mul", [one, other])


def _over_channels(emitter: Emitter, one: View, other: View) -> View | None:
    """Read ``weights @ x.flatten(2)``: a product with one factor for each channel, whose channels are summed."""
    pair = one.axes[-1], other.axes[-2]
    whole = [(Atom(CHANNELS, 1, emitter.volume(view).channels),) for view in (one, other)]
    if list(pair) != whole or whole[0] != whole[1] or (one.axes[-2] and other.axes[-1]):
        return None
    row = not one.axes[-2]
    vector, matrix = (one, other) if row else (other, one)
    turned = replace(vector, axes=(*vector.axes[:-2], vector.axes[-1], vector.axes[-2]))
    product = merged(emitter, "mul", [turned, matrix])
    return reduced(emitter, product, Words("channelsum"), -2 if row else -1, keeps=True)


def _over_positions(emitter: Emitter, one: View, other: View) -> View | None:
    """Read ``x.flatten(2) @ weights``: a product with a map, a mean over the positions, times how many there are."""
    volumes = [emitter.volume(view) for view in (one, other)]
    summed, positions = one.axes[-1], prod(volumes[0].spatial)
    over_positions = all(atom.kind > CHANNELS for atom in summed) and prod([atom.size for atom in summed]) == positions
    alike = summed == other.axes[-2] and volumes[0].spatial == volumes[1].spatial
    if not over_positions or not alike or min(volume.channels for volume in volumes) > 1:
        return None
    largest = max(volumes, key=lambda volume: volume.channels)
    product = emitter.emit(Words("mul"), (one.index, other.index), largest)
    mean = emitter.emit(Words("gap"), (product,), largest.vector(largest.channels))
    total = emitter.emit(Times.words(float(positions)), (mean,), largest.vector(largest.channels))
    return View(total, (*one.axes[:-1], other.axes[-1]))

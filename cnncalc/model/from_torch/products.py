"""How a product of two volumes is read that sums over the positions: a weighted sum, with one map of weights."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers.constants import Times
from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.axes import CHANNELS
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.values import View


def weighted_sum(call: Call) -> Any:
    """Read ``x.flatten(2) @ weights``: a product with a map, a mean over the positions, times how many there are."""
    one, other = call.first, call["other"]
    if not isinstance(one, View) or not isinstance(other, View):
        return None
    emitter = call.emitter
    one, other = emitter.settled(one), emitter.settled(other)
    volumes = [emitter.volume(view) for view in (one, other)]
    summed, positions = one.axes[-1], prod(volumes[0].spatial)
    over_positions = all(atom.kind > CHANNELS for atom in summed) and prod([atom.size for atom in summed]) == positions
    alike = summed == other.axes[-2] and volumes[0].spatial == volumes[1].spatial
    if not over_positions or not alike or min(volume.channels for volume in volumes) > 1:
        raise Unsayable("it multiplies volumes as matrices, and a spec sums over positions with one map of factors")
    largest = max(volumes, key=lambda volume: volume.channels)
    product = emitter.emit(Words("mul"), (one.index, other.index), largest)
    mean = emitter.emit(Words("gap"), (product,), largest.vector(largest.channels))
    total = emitter.emit(Times.words(float(positions)), (mean,), largest.vector(largest.channels))
    return View(total, (*one.axes[:-1], other.axes[-1]))

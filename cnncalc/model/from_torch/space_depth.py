"""How permutations are read that exchange channels with neighbouring positions: `pixelshuffle` and `pixelunshuffle`.

People write them as a split of dimensions, a permutation and a reshape. Channels that come in another order than
PyTorch's own are brought into it by a shuffle.
"""

from __future__ import annotations

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Words, size, words
from cnncalc.model.from_torch.axes import CHANNELS, Atom, axes_of
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.values import View

ROWS, COLUMNS = 1, 2


def rearranged(emitter: Emitter, view: View) -> View:
    """Return a view in PyTorch's order, if it only exchanges channels and neighbouring positions; else as it was."""
    volume = emitter.volume(view)
    if volume.dimensions != 2 or len(view.axes) != 4 or max(volume.spatial) == 1:
        return view
    return _unshuffled(emitter, view, volume) or _shuffled(emitter, view, volume) or view


def _unshuffled(emitter: Emitter, view: View, volume: Volume) -> View | None:
    _, channels, rows, columns = view.axes
    inner = [atom for atom in channels if atom.kind != CHANNELS]
    whole = [atom for atom in channels if atom.kind == CHANNELS]
    if [atom.kind for atom in inner] != [ROWS, COLUMNS] or inner[0].size != inner[1].size:
        return None
    factor = inner[0].size
    smaller = [length // factor for length in volume.spatial]
    if max(smaller) == 1:  # all values as channels
        return None
    outer = [tuple([Atom(1 + axis, factor, length)] if length > 1 else ()) for axis, length in enumerate(smaller)]
    plain = all(atom.stride == 1 for atom in inner) and whole == [Atom(CHANNELS, 1, volume.channels)][: len(whole)]
    if not plain or [rows, columns] != outer or len(whole) != (volume.channels > 1):
        return None
    made = Volume.of(smaller, volume.channels * factor**2)
    result = emitter.made(words("pixelunshuffle", size((factor,), "size")), view, made)
    if whole and channels[0].kind != CHANNELS:
        return _mixed(emitter, result, volume.channels) if channels[-1].kind == CHANNELS else None
    return result


def _shuffled(emitter: Emitter, view: View, volume: Volume) -> View | None:
    _, channels, rows, columns = view.axes
    inner = [axis[-1] for axis in (rows, columns) if axis and axis[-1].kind == CHANNELS]
    if len(inner) != 2 or inner[0].size != inner[1].size or len(channels) > 1:
        return None
    factor = inner[0].size
    left = volume.channels // factor**2
    sides = [tuple([Atom(1 + axis, 1, length)] if length > 1 else ()) for axis, length in enumerate(volume.spatial)]
    if [rows[:-1], columns[:-1]] != sides or sum([atom.size for atom in channels]) not in (left, left - 1):
        return None
    strides = [*[atom.stride for atom in channels], inner[0].stride, inner[1].stride]
    if strides[-2:] == [factor, 1] and strides[:-2] in ([], [factor**2]):
        source = view
    elif strides == [1, left * factor, left]:
        source = _mixed(emitter, View(view.index, axes_of(volume, BATCH)), factor**2)
    else:
        return None
    made = Volume.of([length * factor for length in volume.spatial], left)
    return emitter.made(words("pixelshuffle", size((factor,), "size")), source, made)


def _mixed(emitter: Emitter, view: View, groups: int) -> View:
    layer: Words = words("shuffle", size((groups,), "groups"))
    return emitter.made(layer, view, emitter.volume(view))

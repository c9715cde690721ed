"""How layers are read that work along an axis of channels, of parts of them, or of all positions."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers.written import Unsayable, Words, size, words
from cnncalc.model.from_torch.axes import CHANNELS, FIRST, LAST, VECTOR, Atom, Axes
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.values import View


def along(emitter: Emitter, view: View, axis: int) -> tuple[str, int]:
    """Return what an axis runs over, and how many values, as `TorchCall.along` says it."""
    view = emitter.sized(view)
    atoms, volume = view.axes[axis], emitter.volume(view)
    if not atoms:
        return ("channels" if axis % len(view.axes) == emitter.channel_axis(view) else "one"), 1
    if [atom.kind for atom in atoms] == [CHANNELS]:
        (atom,) = atoms
        if atom.size == volume.channels:
            return "channels", atom.size
        if atom.stride * atom.size == volume.channels:
            return "groups", atom.size
        if atom.stride == 1 and volume.channels % atom.size == 0:
            return "neighbours", atom.size
    positions = prod(volume.spatial)
    if all(atom.kind > CHANNELS for atom in atoms) and prod([atom.size for atom in atoms]) == positions:
        return "positions", positions
    raise Unsayable("it works over channels, or over all positions")


def reduced(emitter: Emitter, view: View, layer: Words, axis: int, keeps: bool) -> View:
    """Read a layer that makes one value of an axis of channels; ``keeps`` says that the axis stays."""
    view = emitter.sized(view)
    place = axis % len(view.axes)
    gone, volume = (*view.axes[place], Atom(CHANNELS, 1, 1))[0], emitter.volume(view)
    index = emitter.emit(layer, (view.index,), volume.with_channels(volume.channels // gone.size))
    left = [() if at == place else part for at, part in enumerate(view.axes) if keeps or at != place]
    return View(index, tuple([tuple([_closer(atom, gone) for atom in part]) for part in left]))


def _closer(atom: Atom, gone: Atom) -> Atom:
    """Return what an axis runs over where neighbours have become one: those that are left lie closer together."""
    moves = atom.kind == CHANNELS and atom.stride > gone.stride
    return atom._replace(stride=atom.stride // gone.size) if moves else atom


def halved(emitter: Emitter, view: View, layer: Words, axis: int) -> View:
    """Read a layer that makes half as many channels, which must lie along an axis."""
    view = emitter.sized(view)
    if axis % len(view.axes) != emitter.channel_axis(view):
        raise Unsayable("it works over the channels alone")
    volume = emitter.volume(view)
    half = volume.with_channels(volume.channels // 2)
    return emitter.made(layer, view, half, emitter.layout(view) or FIRST)


def widened(emitter: Emitter, view: View, layer: Words, by: int) -> View:
    """Read a layer that adds channels, which must be a dimension of their own."""
    view = emitter.sized(view)
    layout, volume = emitter.layout(view), emitter.volume(view)
    if layout not in (FIRST, LAST, VECTOR):
        raise Unsayable("it pads channels, and these are positions")
    return emitter.made(layer, view, volume.with_channels(volume.channels + by), layout)


# ---- parts of the channels in another order


def groups_first(emitter: Emitter, view: View, axis: Any) -> View:
    """Return a view in which a part of the channels along an axis is the outermost one; as it was for other axes."""
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    if len(axes) != 1 or not isinstance(axes[0], int):
        return view
    view = emitter.sized(view)
    atoms = view.axes[axes[0]]
    return outermost(emitter, view, atoms[0]) if [atom.kind for atom in atoms] == [CHANNELS] else view


def outermost(emitter: Emitter, view: View, atom: Atom) -> View:
    """Return a view in which one part of the channels is the outermost one: what is outside of it, a shuffle moves."""
    outer = emitter.volume(view).channels // (atom.stride * atom.size)
    if outer == 1:
        return view
    return with_channels(emitter, view, words("shuffle", size((outer,), "groups")), _shuffled(view.axes, outer))


def _shuffled(axes: Axes, outer: int) -> Axes:
    """Return axes behind a shuffle that brings the outermost factor of the channels to the end."""

    def moved(atom: Atom) -> Atom:
        if atom.kind != CHANNELS:
            return atom
        return atom._replace(stride=atom.stride * outer if atom.stride < rest else atom.stride // rest)

    channels = prod([atom.size for atoms in axes for atom in atoms if atom.kind == CHANNELS])
    rest = channels // outer
    return tuple([tuple(map(moved, atoms)) for atoms in axes])


def with_channels(emitter: Emitter, view: View, layer: Any, axes: Axes, channels: int = 0) -> View:
    """Add a layer that keeps the positions, and return the view of what it makes."""
    volume = emitter.volume(view)
    index = emitter.emit(layer, (view.index,), volume.with_channels(channels or volume.channels))
    return View(index, axes)

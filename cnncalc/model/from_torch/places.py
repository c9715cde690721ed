"""How a max pool is read that returns where its maxima were, and what puts values back there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnncalc.core.volume import Volume
from cnncalc.layers.window import Windowed
from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.axes import axes_of
from cnncalc.model.from_torch.emitter import Emitter, layer_of
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.values import Places, View


def with_places(pool: View) -> list[Any]:
    """Return what a max pool returns that also returns where the maxima were."""
    if pool.negated:
        raise Unsayable("it returns where the minima were")
    return [pool, Places(pool.index)]


def at_places(emitter: Emitter, word: str, view: View, places: Any, made: Volume) -> View:
    """Add the layer that puts values where a max pool took its own, if that makes the volume that the pool was given.

    What the pool has taken over of the padding in front of it is padding behind this layer.
    """
    if not isinstance(places, Places):
        raise Unsayable("it takes the places that a max pool has returned, as they are")
    view = emitter.positions(view)
    pool = emitter.operations[places.index - 1]
    wanted = emitter.volume_of(pool.inputs[0])
    if emitter.volume(view) != pool.output:
        raise Unsayable(f"it puts {emitter.volume(view)} where the max pool made {pool.output}")
    layer = layer_of(Words(pool.word, pool.tokens), wanted)
    assert isinstance(layer, Windowed)
    pads = layer.needed_padding(wanted)
    padded = wanted.with_spatial([size + sum(pad) for size, pad in zip(wanted.spatial, pads, strict=True)])
    if made not in (wanted, padded):
        raise Unsayable(f"it makes {made}, and the max pool was given {wanted}; give it `output_size`")
    result = View(emitter.emit(Words(word), (view.index, places.index), wanted), axes_of(wanted, BATCH))
    return result if made == wanted else replace(result, pads=pads)

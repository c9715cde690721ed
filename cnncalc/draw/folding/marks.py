"""Letters for volumes that are read from elsewhere than the place before: the same letter at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.draw import scene


def marks_of(chains: Sequence[scene.SceneChain]) -> dict[int, str]:
    """Return a letter for every layer that is read from elsewhere in some chains, in the order of the layers.

    A layer that the picture does not show by itself has the letter of the box that holds it.
    """
    origins: set[int] = set()
    for chain in chains:
        _collect(chain, origins)
    if not origins:
        return {}
    owners = {origin: _owner(origin, [box for chain in chains for box in chain.boxes()]) for origin in origins}
    letters = {exit_: _letter(place) for place, exit_ in enumerate(sorted(set(owners.values())))}
    return {**letters, **{origin: letters[exit_] for origin, exit_ in owners.items()}}


def _collect(chain: scene.SceneChain, found: set[int]) -> None:
    """Add the layers that are read from elsewhere; -1 stands for what is read in several places."""
    found.update([origin for origin in chain.origins if origin is not None and origin >= 0])
    for part in chain.parts:
        if type(part) is scene.SceneFork:
            found.update([path.origin for path in part.paths if path.origin is not None and path.origin >= 0])
            for path in part.paths:
                _collect(path.chain, found)
        elif type(part) is scene.Frame:
            _collect(part.body, found)


def _owner(origin: int, boxes: Iterable[scene.Box]) -> int:
    """Return the number of the layer that leaves the box in which a layer is."""
    holding = [box.exit for box in boxes if any(first <= origin <= last for first, last in box.spans)]
    return origin if origin in holding or not holding else holding[0]


def _letter(place: int) -> str:
    letter = chr(ord("A") + place % 26)
    return letter if place < 26 else f"{letter}{place // 26}"

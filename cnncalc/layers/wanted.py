"""Which stride, padding, kernel or number of filters would make a volume that is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cnncalc.core.volume import Volume
from cnncalc.layers.base import Layer
from cnncalc.layers.window import Window, Windowed, setting_text

_MOST_STRIDE = 16
_MOST_CHANGE = 6
"""The largest stride, and the largest change of a kernel, that anybody is likely to have meant."""


def settings_for(layer: Layer, source: Volume, wanted: Volume) -> list[str]:
    """Return the changes of one setting with which a layer makes the spatial sizes that are wanted.

    Each is tried on the layer itself: ``stride 2``, ``padding 1``, ``kernel 5x5``.
    """
    if not isinstance(layer, Windowed) or wanted.dimensions != source.dimensions:
        return []
    found = []
    for what in ("stride", "padding", "kernel"):
        if setting := _setting(layer, what, source, wanted):
            found.append(setting)
        elif what == "stride" and (setting := _setting(replace(layer, rounding="floor"), what, source, wanted)):
            found.append(f"{setting} and `floor`")
    return found


def may_have_filters(layer: Layer, wanted: int) -> bool:
    """Say whether a layer has filters, and may have as many as are wanted: as many for each of its groups."""
    return hasattr(layer, "filters") and wanted % getattr(layer, "groups", 1) == 0


def _setting(layer: Windowed, what: str, source: Volume, wanted: Volume) -> str:
    cells = zip(layer.windows, source.spatial, wanted.spatial, strict=True)
    windows = [_first(layer, _changed(what, window), size, side) for window, size, side in cells]
    if not all(windows):
        return ""
    return f"{what} {setting_text(what, [window for window in windows if window])}"


def _first(layer: Windowed, windows: Iterator[Window], size: int, wanted: int) -> Window | None:
    """Return the first window that makes so many outputs, in the layer's rounding."""
    for window in windows:
        alone = replace(layer, windows=(window,))
        fits = window.fits(size) if layer.rounding == "strict" else window.room(size) >= 0
        if fits and layer.allows(window) and alone.spatial(Volume((size, 1))) == [wanted]:
            return window
    return None


def _changed(what: str, window: Window) -> Iterator[Window]:
    if what == "stride":
        yield from (window._replace(stride=stride) for stride in range(1, _MOST_STRIDE + 1))
    elif what == "padding":
        yield from (window._replace(before=pad, after=pad) for pad in range(window.kernel))
    else:
        yield from (window._replace(kernel=kernel) for kernel in _near(window.kernel))


def _near(kernel: int) -> Sequence[int]:
    return sorted(
        range(max(1, kernel - _MOST_CHANGE), kernel + _MOST_CHANGE + 1), key=lambda other: abs(other - kernel)
    )

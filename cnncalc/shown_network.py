"""A network that shows itself: as JSON, as a picture, in a notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.validation import check_choice, check_whole
from cnncalc.core.errors import ArgumentError
from cnncalc.network import Network

if TYPE_CHECKING:
    from cnncalc.draw.shapes import Picture
    from cnncalc.shown_picture import ShownPicture


class ShownNetwork(Network):
    """A network that also knows how it is shown, which the networks of lower floors do not."""

    def to_json(
        self, *, precision: str = "float32", batch: int = 1, indent: int | None = 2, dtype: str | None = None
    ) -> str:
        """Return the network as JSON, in the documented schema ``cnncalc/2``.

        Args:
            precision: of the activations and parameters whose bytes are counted.
            batch: the number of images whose activations are counted.
            indent: spaces by which nested values are indented; None for a single line.
            dtype: another name for the precision.

        """
        from cnncalc.report.schema import network_json

        return network_json(self, precision=dtype or precision, batch=batch, indent=indent)

    def to_svg(
        self,
        *,
        style: str = "graph",
        theme: str = "auto",
        layer: str | None = None,
        show: str | None = None,
        depth: int | None = None,
        name: str | None = None,
    ) -> str:
        """Return a picture of the network as the text of an SVG file; needs no other package.

        Args:
            style: ``graph``, ``volumes``, ``field`` or ``window``.
            theme: ``light``, ``dark``, or ``auto`` for both, of which the viewer chooses.
            layer: the layer that ``window`` and ``field`` are about.
            show: costs that ``graph`` writes into every box: ``macs``, ``params``, ``memory`` or ``share``.
            depth: levels of blocks that are shown; None for as many as fit.
            name: what stands below the picture; None for the name of the spec.

        Raises:
            ArgumentError: for a style, a layer and so on that there is not, and for what the style does not take.

        """
        from cnncalc.draw.svg import svg

        return svg(self._picture(style, theme, {"layer": layer, "show": show, "depth": depth, "name": name}), theme)

    def draw(self, path: str | os.PathLike[str], *, style: str = "graph", theme: str = "auto", **options: Any) -> None:
        """Write a picture of the network to a file: ``.svg``, ``.pdf``, ``.tex``, or ``.png`` with the extra ``draw``.

        Args:
            path: the file.
            style: as in `to_svg`.
            theme: as in `to_svg`.
            options: ``layer``, ``show``, ``depth`` and ``name``, as in `to_svg`.

        Raises:
            ArgumentError: as `to_svg` does, and for an ending that names no picture format.
            WriteError: where the file cannot be written.

        """
        from pathlib import Path

        from cnncalc.core.writing import write_file
        from cnncalc.draw.styles.files import WRITERS

        ending = Path(path).suffix.lower()
        check_choice("ending", ending, WRITERS)
        write_file(WRITERS[ending](self._picture(style, theme, options), theme), os.fspath(path))

    def picture(self, *, style: str = "graph", theme: str = "light", **options: Any) -> ShownPicture:
        """Return a picture of the network that a notebook shows; needs the extra ``draw``.

        Args:
            style: as in `to_svg`.
            theme: ``light`` or ``dark``.
            options: ``layer``, ``show``, ``depth`` and ``name``, as in `to_svg`.

        Raises:
            ArgumentError: as `to_svg` does.
            SpecError: where resvg is not installed.

        """
        from cnncalc.draw.png import png
        from cnncalc.shown_picture import ShownPicture

        return ShownPicture(png(self._picture(style, theme, options), theme), f"{self.source.name}, {style}")

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the network: totals, picture and table."""
        from cnncalc.analysis import count
        from cnncalc.page.notebook import notebook_html

        return notebook_html(count(self))

    def _picture(self, style: str, theme: str, options: Mapping[str, Any]) -> Picture:
        from cnncalc.draw.showing import SHOWN
        from cnncalc.draw.styles import STYLES, DrawingOptions, not_for, picture_of
        from cnncalc.draw.styles.files import name_of
        from cnncalc.draw.theme import THEMES

        check_choice("style", style, STYLES)
        check_choice("theme", theme, THEMES)
        given = {option: value for option, value in options.items() if value is not None}
        for option in given:
            check_choice("argument", option, ("layer", "show", "depth", "name"))
            if option != "name" and (takers := not_for(style, option)):
                raise ArgumentError("bad-argument", f"{option} is for {takers}, not for {style}")
        if "show" in given:
            check_choice("show", given["show"], SHOWN)
        if "depth" in given:
            check_whole("depth", given["depth"])
        if "layer" in given:
            given["layer"] = str(given["layer"])
        return picture_of(self, style, DrawingOptions(**{"name": name_of(self), **given}))

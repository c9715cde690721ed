"""The style ``window``: the padded grid of the lectures, the positions of a window, and the sum of the output size.

Where the window does not fit, the last one hangs over the edge, and the sum below is no whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from cnncalc.core.errors import ArgumentError
from cnncalc.core.words import joined_by_and
from cnncalc.draw.layer.choosing import first_that, layer_named
from cnncalc.draw.roles import times
from cnncalc.draw.shapes import Line, Picture, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import cut, width
from cnncalc.layers.dimension_names import axis_name, never_read
from cnncalc.layers.window import Window
from cnncalc.network import Network, Node

MARGIN = 24.0
TITLE, SMALL, LINE = 13.0, 11.0, 16.0
LARGEST_GRID = 300.0
CELL = 30.0
MOST_CELLS = 60
ENOUGH_CELLS = 12
"""So many rows and columns are shown; of a larger grid as many as two windows and a bit need."""
MOST_OUTPUTS = 9
"""So many rows and columns of an output are shown, if it is too large for the page."""
BETWEEN = 74.0
"""Between the grids of the input and of the output."""
ABOVE = 34.0
"""Above the grids, for the arrow of the stride."""
_WITH_ZERO = 16.0
"""A cell of this size has room for the 0 of the padding."""


class Axis(NamedTuple):
    """One side of the grid: the input's size, the window, and how many outputs it makes."""

    size: int
    window: Window
    outputs: int
    fits: bool
    rounding: str

    @property
    def positions(self) -> range:
        """Where the windows start, counted from the first padded cell; one more where the last hangs over."""
        count = self.outputs if self.fits else self.outputs + 1
        return range(0, count * self.window.stride, self.window.stride)

    @property
    def shown_positions(self) -> range:
        """The windows that lie in the cells that are shown; the first one where that is larger."""
        return self.positions[: max(1, (self.shown - self.window.extent) // self.window.stride + 1)]

    @property
    def padded(self) -> int:
        """The size with its padding."""
        return self.size + self.window.before + self.window.after

    @property
    def needed(self) -> int:
        """The cells that are drawn, with those over which the last window hangs."""
        return max(self.padded, self.positions[-1] + self.window.extent)

    @property
    def shown(self) -> int:
        """The cells that there is room for."""
        enough = max(ENOUGH_CELLS, self.window.extent + 2 * self.window.stride + 1)
        return min(self.needed, self.needed if self.needed <= 16 else enough, MOST_CELLS)

    @property
    def is_cut(self) -> bool:
        """Whether there are more cells than are shown."""
        return self.needed > self.shown

    @property
    def shown_outputs(self) -> int:
        """The outputs that are shown: all of an input that is shown whole."""
        return min(self.outputs, MOST_OUTPUTS if self.is_cut else MOST_CELLS)


_WHOLE = Axis(1, Window(1), 1, True, "floor")
"""The height of data that have none."""


def window_picture(network: Network, name: str, layer: str = "", *, misfit: int = 0) -> Picture:
    """Return the picture of the window of a layer.

    Args:
        network: the network.
        name: of the network.
        layer: the name of the layer; the first one with a window where it is empty.
        misfit: the number of a layer whose window does not fit although the network is strict; 0 where all fit.

    Raises:
        ArgumentError: for a layer without a window, or that is not there.

    """
    if layer:
        node = layer_named(network, layer)
    elif misfit:
        node = network.layers[misfit - 1]
    else:
        node = first_that(network, _has_window, "a window that slides")
    if not _has_window(node):
        hints = ["layers with one are conv, dwconv and the pools"]
        raise ArgumentError("no-window", f"`{node.name}` ({node.layer.kind}) has no window that slides", hints=hints)
    return _Drawing(network, name, node, strict=node.index == misfit).picture()


def _has_window(node: Node) -> bool:
    return bool(getattr(node.layer, "windows", ()))


def _axes(node: Node, *, strict: bool) -> list[Axis]:
    """Return the sides of the input; the grid shows the last two, or a single row."""
    source, windows = node.sources[0], node.layer.windows  # type: ignore[attr-defined]
    rounding = "strict" if strict else node.layer.rounding  # type: ignore[attr-defined]
    sides = []
    for size, window, outputs in zip(source.spatial, windows, node.output.spatial, strict=True):
        sides.append(Axis(size, window, outputs, rounding != "strict" or window.fits(size), rounding))
    return sides


def _taps(window: Window, start: int, shown: int) -> range:
    """Return the places that a window reads, as far as the grid shows them."""
    return range(start, min(start + window.extent, shown), window.dilation)


class _Drawing:
    def __init__(self, network: Network, name: str, node: Node, *, strict: bool) -> None:
        self.network, self.name, self.node = network, name, node
        self.axes = _axes(node, strict=strict)
        self.flat = len(self.axes) == 1
        self.down, self.across = (_WHOLE if self.flat else self.axes[-2]), self.axes[-1]
        self.fits = all(axis.fits for axis in self.axes)
        self.dilated = any(axis.window.dilation > 1 for axis in (self.down, self.across))
        self.cell = min(CELL, LARGEST_GRID / max(self.down.shown, self.across.shown))
        self.out: list[Shape] = []

    def picture(self) -> Picture:
        """Draw the grids, and the sums below."""
        top = MARGIN + 2 * LINE + ABOVE
        wide, high = self._grid(MARGIN + 4, top)
        right, bottom = MARGIN + 4 + wide + 16, top + high
        if self.fits:
            middle = top + high / 2
            stop = right + BETWEEN - 28
            self.out.append(Line(((right, middle), (stop, middle)), "edge", True))
            out_wide, out_high = self._output(stop + 16, middle)
            right, bottom = stop + 16 + out_wide, max(bottom, middle + out_high / 2)
        page = max(self._words(bottom + 14), right + MARGIN)
        head = cut(self.node.written, TITLE, 420, bold=True)
        said = f"{self.node.name} of {self.name}"
        self.out.append(Text(MARGIN, MARGIN + 8, head, TITLE, bold=True))
        self.out.append(Text(MARGIN, MARGIN + 8 + LINE, cut(said, SMALL, 420), SMALL, "start", "quiet"))
        page = max(page, 2 * MARGIN + width(head, TITLE, bold=True), 2 * MARGIN + width(said, SMALL))
        high_page = max(self.bottom + MARGIN - 6, page / 2.9)
        description = f"How the window of {said} slides over its padded input: {'; '.join(self.sums)}."
        return Picture(page, high_page, f"{self.node.written} on {times(self.node.sources[0])}", description, self.out)

    # ---- the input

    def _grid(self, x: float, y: float) -> tuple[float, float]:
        """Draw the padded input with windows on it; return how wide and high it is."""
        cell, down, across = self.cell, self.down, self.across
        self._areas(x, y)
        wide = across.shown * cell
        high = min(down.shown, down.padded if not across.fits else down.needed) * cell  # nothing hangs below then
        self._net(x, y, min(across.shown, across.padded), min(down.shown, down.padded), cell)
        self._zeros(x, y)
        columns, rows = across.shown_positions, down.shown_positions
        marked = self._marked(columns, rows)
        for column, row, role in marked:
            box = (across.window.extent * cell, down.window.extent * cell)
            place = (x + column * cell, y + row * cell)
            self.out.append(Rect(place[0] + 1, place[1] + 1, min(box[0], wide) - 2, min(box[1], high) - 2, role, 2))
            if self.dilated and role != "window-second":  # the first one has the same cells
                self._read_cells(x, y, column, row, role)
        self._stride(x, y, columns)
        self._cut_edges(x, y, wide, high)
        return wide, high

    def _read_cells(self, x: float, y: float, column: int, row: int, role: str) -> None:
        """Fill the cells that a dilated window reads."""
        cell, down, across = self.cell, self.down, self.across
        for i in _taps(down.window, row, down.shown):
            for j in _taps(across.window, column, across.shown):
                self.out.append(Rect(x + j * cell + 1.5, y + i * cell + 1.5, cell - 3, cell - 3, f"{role}-cell", 1))

    def _marked(self, columns: Sequence[int], rows: Sequence[int]) -> list[tuple[int, int, str]]:
        """Return the windows that are drawn: the first, the second, and the last one, which may hang over."""
        found = []
        if not self.across.fits:
            found.append((columns[-1], rows[0], "window-over"))
        elif not self.down.fits:
            found.append((columns[0], rows[-1], "window-over"))
        elif not self.across.is_cut and not self.down.is_cut:
            found.append((columns[-1], rows[-1], "window-last"))
        if len(columns) > 2 or (len(columns) > 1 and len(rows) > 1):
            found.append((columns[1], rows[0], "window-second"))
        found.append((columns[0], rows[0], "window-first"))
        return list({place[:2]: place for place in found}.values())

    def _areas(self, x: float, y: float) -> None:
        cell, down, across = self.cell, self.down, self.across
        right, bottom = min(across.padded, across.shown), min(down.padded, down.shown)
        if (right, bottom) != (across.size, down.size) or across.window.before or down.window.before:
            self.out.append(Rect(x, y, right * cell, bottom * cell, "padding"))
        left, top = across.window.before, down.window.before
        wide, high = min(across.size, right - left), min(down.size, bottom - top)
        span = (self.node.inputs[0], self.node.inputs[0])
        shape = Rect(x + left * cell, y + top * cell, wide * cell, high * cell, "grid-input")
        source = self.network.layers[span[0] - 1].name if span[0] else "input"
        self.out.append(ShapeGroup((shape,), (source,), (span,), f"input {times(self.node.sources[0])}"))

    def _net(self, x: float, y: float, columns: int, rows: int, cell: float) -> None:
        for column in range(columns + 1):
            self.out.append(Line(((x + column * cell, y), (x + column * cell, y + rows * cell)), "net"))
        for row in range(rows + 1):
            self.out.append(Line(((x, y + row * cell), (x + columns * cell, y + row * cell)), "net"))

    def _zeros(self, x: float, y: float) -> None:
        """Write a 0 into every cell of the padding, where there is room."""
        cell, down, across = self.cell, self.down, self.across
        if cell < _WITH_ZERO or self.node.layer.kind not in ("conv", "dwconv"):
            return
        for row in range(min(down.shown, down.padded)):
            for column in range(min(across.shown, across.padded)):
                inside = 0 <= row - down.window.before < down.size and 0 <= column - across.window.before < across.size
                if not inside:
                    middle = (x + (column + 0.5) * cell, y + (row + 0.5) * cell + 4)
                    self.out.append(Text(*middle, "0", SMALL, "middle", "quiet"))

    def _stride(self, x: float, y: float, columns: Sequence[int]) -> None:
        """Draw the step from the first window to the second above the grid."""
        if len(columns) < 2:
            return
        cell = self.cell
        level = y - 10
        start, end = x + columns[0] * cell, x + columns[1] * cell
        self.out.append(Line(((start, level - 4), (start, level + 4)), "edge"))
        self.out.append(Line(((end, level - 4), (end, level + 4)), "edge"))
        self.out.append(Line(((start, level), (end, level)), "edge"))
        self.out.append(Text(start, level - 9, f"stride {self.across.window.stride}", SMALL, "start", "quiet"))

    def _cut_edges(self, x: float, y: float, wide: float, high: float) -> None:
        """Write … where the grid goes on."""
        if self.across.is_cut:
            self.out.append(Text(x + wide + 4, y + 10, "…", SMALL, "start", "quiet"))
        if self.down.is_cut:
            self.out.append(Text(x + 2, y + high + 9, "…", SMALL, "start", "quiet"))

    # ---- the output

    def _output(self, x: float, middle: float) -> tuple[float, float]:
        columns, rows = self.across.shown_outputs, self.down.shown_outputs
        cell = min(CELL, LARGEST_GRID / max(columns, rows), self.cell if not self.across.is_cut else CELL / 1.5)
        wide, high = columns * cell, rows * cell
        y = middle - high / 2
        node = self.node
        body = Rect(x, y, wide, high, "grid-output")
        self.out.append(ShapeGroup((body,), (node.name,), ((node.index, node.index),), f"output {times(node.output)}"))
        marked = [(0, 0, "window-first")]
        if columns > 2 or (columns > 1 and rows > 1):
            marked.append((1, 0, "window-second"))
        if not self.across.is_cut and not self.down.is_cut and self.fits:
            marked.append((columns - 1, rows - 1, "window-last"))
        for column, row, role in {place[:2]: place for place in reversed(marked)}.values():
            inset = min(2.0, cell / 8)
            side = cell - 2 * inset
            self.out.append(Rect(x + column * cell + inset, y + row * cell + inset, side, side, role, 2))
        self._net(x, y, columns, rows, cell)
        cut_across, cut_down = columns < self.across.outputs, rows < self.down.outputs
        if cut_across:
            self.out.append(Text(x + wide + 4, y + 10, "…", SMALL, "start", "quiet"))
        if cut_down:
            self.out.append(Text(x + 2, y + high + 9, "…", SMALL, "start", "quiet"))
        return wide + (18 if cut_across else 0), high

    # ---- the sums

    def _words(self, y: float) -> float:
        """Write the sizes and the sums below the grids; return how wide the page must be."""
        lines = self._lines()
        right = 0.0
        for text, role in lines:
            y += LINE
            self.out.append(Text(MARGIN, y, text, SMALL + 1, "start", role))
            right = max(right, MARGIN + width(text, SMALL + 1) + MARGIN)
        self.bottom = y
        return right

    def _lines(self) -> list[tuple[str, str]]:
        source, output = self.node.sources[0], self.node.output
        lines = [(f"input {times(source)}" + (f", output {times(output)}" if self.fits else ""), "text")]
        names = [axis_name(place, len(self.axes)) for place in range(len(self.axes))]
        named = list(zip(names, self.axes, strict=True))
        if len(set(self.axes)) == 1 and not self.flat:
            named = [(joined_by_and(names), self.across)]
        self.sums = []
        for what, axis in named:
            said, role = _sum(axis)
            self.sums.append(f"{what} {said}")
            lines.append((f"{what}: {said}", role))
        if self.dilated:
            lines.append(("a window reads some of its cells: they are filled in the first", "quiet"))
        if len(self.axes) > 2:
            lines.append((f"the grid shows {joined_by_and(names[-2:])}", "quiet"))
        if self.fits and any(self.node.dropped):
            lines.append((never_read(self.node.dropped), "quiet"))
        return lines


def _sum(axis: Axis) -> tuple[str, str]:
    """Return the sum of the output size, and the role of its text: an error where it does not come out."""
    if axis.fits:
        return f"{axis.window.sum(axis.size, axis.rounding)} = {axis.outputs}", "text"
    value = Fraction(axis.window.room(axis.size), axis.window.stride) + 1
    return f"{axis.window.sum(axis.size)} = {float(value):.2f}: it does not fit", "error"

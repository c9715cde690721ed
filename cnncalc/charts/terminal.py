"""A chart of lines in a terminal: eight dots to a character, or one star where the terminal has no such characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from cnncalc.charts.lines import Chart, ChartLine, Point, across_axis, down_axis
from cnncalc.charts.scale import ChartAxis, tick_text

LEAST_WIDTH = 30
"""Characters of the narrowest chart."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of the dots in a character of Braille, from its top row to its bottom one."""
_FIRST = 0x2800


class _Grid:
    """The area of a chart: characters of 2 x 4 dots, or of one."""

    def __init__(self, width: int, height: int, *, plain: bool) -> None:
        self.width, self.height, self._plain = width, height, plain
        self._fine = (1, 1) if plain else (2, 4)
        self._bits = [[0] * width for _ in range(height)]

    def draw(self, line: ChartLine, across: ChartAxis, down: ChartAxis) -> None:
        """Draw a line, interrupted where a value is not known."""
        dots = [self._dot(point, across, down) for point in line.points]
        for dot in dots:
            if dot:
                self._set(*dot)
        for one, other in pairwise(dots) if line.joined else ():
            if one and other:
                self._join(one, other)

    def _dot(self, point: Point, across: ChartAxis, down: ChartAxis) -> tuple[int, int] | None:
        place, value = point
        if value is None:
            return None
        columns, rows = self.width * self._fine[0] - 1, self.height * self._fine[1] - 1
        return round(across.place(place) * columns), round((1 - down.place(value)) * rows)

    def _join(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        steps = max(abs(other[0] - one[0]), abs(other[1] - one[1]))
        for step in range(1, steps):
            self._set(*(round(a + (b - a) * step / steps) for a, b in zip(one, other, strict=True)))

    def _set(self, x: int, y: int) -> None:
        (column, right), (row, below) = divmod(x, self._fine[0]), divmod(y, self._fine[1])
        self._bits[row][column] |= _DOTS[below][right]

    def rows(self, marked: Sequence[int], mark: str) -> Iterator[str]:
        """Yield the rows of characters; columns that are marked show it where there is no line."""
        for row in self._bits:
            yield "".join(
                self._shown(bits) if bits else mark if column in marked else " " for column, bits in enumerate(row)
            )

    def _shown(self, bits: int) -> str:
        return "*" if self._plain else chr(_FIRST + bits)


def chart_text(chart: Chart, width: int, height: int = 12, *, plain: bool = False) -> list[str]:
    """Return the lines of a chart as text; none where there is nothing to draw.

    Args:
        chart: what is drawn; the names of its lines and of its marks are not.
        width: characters of the whole, at least `LEAST_WIDTH`.
        height: about how many lines its area has.
        plain: whether there are characters of ASCII alone.

    """
    if not chart.known:
        return []
    down, across = down_axis(chart), across_axis(chart)
    text = _plain_tick if plain else tick_text
    between = len(down.ticks) - 1
    height = between * max(1, round((height - 1) / between)) + 1  # so that values lie at equal distances
    ticks = {round((1 - down.place(tick)) * (height - 1)): text(tick, chart.unit) for tick in down.ticks}
    beside = max(map(len, ticks.values()))
    grid = _Grid(max(width, LEAST_WIDTH) - beside - 2, height, plain=plain)
    for line in chart.lines:
        grid.draw(line, across, down)
    marked = [round(across.place(place) * (grid.width - 1)) for place, _ in chart.marks]
    upright, corner, level, tick = ("|", "+", "-", "+") if plain else ("│", "└", "─", "┤")
    rows = [
        f"{ticks.get(row, ''):>{beside}} {tick if row in ticks else upright}{cells}".rstrip()
        for row, cells in enumerate(grid.rows(marked, ":" if plain else "┊"))
    ]
    under, texts = _below({tick: text(tick) for tick in across.ticks}, across, grid.width)
    axis = "".join(("|" if plain else "┬") if column in under else level for column in range(grid.width))
    foot = f"{'':>{beside}} {corner}{axis}"
    return [
        chart.title,
        *rows,
        foot,
        f"{'':>{beside + 2}}{texts}".rstrip(),
        f"{chart.across:>{beside + 2 + grid.width}}",
    ]


def _plain_tick(value: float, unit: str = "") -> str:
    return f"{value:.10g}{unit}"


def _below(ticks: Mapping[float, str], across: ChartAxis, width: int) -> tuple[set[int], str]:
    """Return the columns of the ticks of the horizontal axis that have room, and their texts in one line."""
    columns, texts = set(), ""
    for tick, text in ticks.items():
        column = round(across.place(tick) * (width - 1))
        start = max(0, min(column - len(text) // 2, width - len(text)))
        if start >= len(texts) + (2 if texts else 0):
            columns.add(column)
            texts = f"{texts:<{start}}{text}"
    return columns, texts

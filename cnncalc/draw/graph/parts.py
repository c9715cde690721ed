"""How chains, forks and frames are laid out: each measures what it holds, and draws it below or beside each other.

Everything is measured once from the inside out and drawn once from the outside in, so that the cost is linear in the
number of boxes. Each part has an axis: the line that runs through it from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.draw import scene
from cnncalc.draw.graph import sizes
from cnncalc.draw.graph.boxes import MARK_WIDTH, BoxPart, BoxStyle, MergePart, Shapes, edge, label_width, tag
from cnncalc.draw.shapes import Line, Rect, ShapeGroup, Text
from cnncalc.draw.text import cut, width


class ChainPart:
    """Parts below each other on one axis, with an arrow and a volume between them."""

    def __init__(self, chain: scene.SceneChain, style: BoxStyle) -> None:
        self.style = style
        self.parts: list[Part] = [part_of(part, style) for part in chain.parts]
        self.origins = chain.origins
        self.enters = bool(self.parts) and type(self.parts[0]) is not ForkPart  # whether an arrow leads into it
        self.output = chain.output
        same = max([part.width for part in self.parts if type(part) is BoxPart], default=0.0)
        for part in self.parts:
            if type(part) is BoxPart:
                part.width = same
        marked = any(part.exit in style.marks for part in self.parts)
        labels = [label_width(part.output) for part in self.parts]
        self.axis: float = max([*[part.axis for part in self.parts], MARK_WIDTH if marked else 0.0, 4.0])
        right = max([*[part.width - part.axis for part in self.parts], *labels, 4.0])
        self.width: float = self.axis + right
        self.gaps = [self._gap(place) for place in range(1, len(self.parts))]
        self.height: float = sum([part.height for part in self.parts]) + sum(self.gaps)

    @property
    def exit(self) -> int:
        """The number of the layer whose output leaves the last part; -1 where there is none."""
        return self.parts[-1].exit if self.parts else -1

    def _gap(self, place: int) -> float:
        """Return the room in front of a part; one that reads from elsewhere has the letter above it."""
        return sizes.GAP if self.origins[place] is None else 2 * sizes.GAP

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw it with its upper left corner at a point."""
        axis = x + self.axis
        for place, part in enumerate(self.parts):
            if place:
                gap = self.gaps[place - 1]
                self._between(out, axis, y, gap, place)
                y += gap
            part.draw(out, axis - part.axis, y)
            y += part.height

    def _between(self, out: Shapes, axis: float, y: float, gap: float, place: int) -> None:
        before, origin = self.parts[place - 1], self.origins[place]
        mark = self.style.marks.get(before.exit, "")
        if origin is None:
            edge(out, axis, y, y + gap, before.output, mark, arrow=type(self.parts[place]) is not ForkPart)
            return
        leaves = before.exit in self.style.outputs
        if mark or leaves:
            edge(out, axis, y, y + gap / 2 - 8, before.output, mark, arrow=leaves)
        if origin >= 0:
            edge(out, axis, y + gap - 12, y + gap, "")
            tag(out, axis, y + gap - 12 - sizes.TAG, self.style.marks.get(origin, "?"))


class ForkPart:
    """Branches side by side: lines part above them, and meet below them in a circle."""

    def __init__(self, fork: scene.SceneFork, style: BoxStyle) -> None:
        self.style = style
        self.exit, self.output = fork.exit, fork.output
        self.merge = MergePart(fork.merge)
        self.chains = [ChainPart(path.chain, style) for path in fork.paths]
        self.origins = [path.origin for path in fork.paths]
        self.order = self._order()
        self.lefts: dict[int, float] = {}
        at = 0.0
        for place in self.order:
            self.lefts[place] = at
            at += self._wide(place) + sizes.APART
        inner = at - sizes.APART
        axis = self._axis_within()
        left = max(axis, self.merge.axis, MARK_WIDTH if self.exit in style.marks else 0)
        self.shift = left - axis
        self.axis = left
        self.width = max(self.shift + inner, left + self.merge.right)
        self.inner = max([chain.height for chain in self.chains])
        marked = any(origin is not None and origin >= 0 for origin in self.origins)
        self.top = sizes.FORK + (sizes.TAG if marked else 0)
        self.height = self.top + self.inner + sizes.JOIN + sizes.STUB + self.merge.height

    def _wide(self, place: int) -> float:
        chain = self.chains[place]
        if chain.parts:
            return chain.axis + max(chain.width - chain.axis, label_width(chain.output))
        return sizes.TAG if self.origins[place] is not None else 14.0

    def _order(self) -> list[int]:
        """Return the branches from left to right: those that hold something, then those that pass the volume on."""
        full = [place for place, chain in enumerate(self.chains) if chain.parts]
        return full + [place for place, chain in enumerate(self.chains) if not chain.parts]

    def _line(self, place: int) -> float:
        """Return where the line of a branch runs, from the left of all branches."""
        chain = self.chains[place]
        return self.lefts[place] + (chain.axis if chain.parts else self._wide(place) / 2)

    def _axis_within(self) -> float:
        """Return where the axis runs: through the one branch that holds something, or in the middle of several."""
        full = [place for place in self.order if self.chains[place].parts] or self.order
        largest = max(full, key=lambda place: self.chains[place].height)
        others = [self.chains[place].height for place in full if place != largest]
        if not others or self.chains[largest].height > 2.5 * max(others):
            return self._line(largest)
        half = len(full) // 2
        if len(full) % 2:
            return self._line(full[half])
        return (self._line(full[half - 1]) + self._line(full[half])) / 2

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw it with its upper left corner at a point."""
        axis = x + self.axis
        begin = y + 8
        meet = y + self.top + self.inner + sizes.JOIN
        for place in self.order:
            line = x + self.shift + self._line(place)
            self._enter(out, place, axis, line, y, begin)
            chain = self.chains[place]
            if chain.parts:
                chain.draw(out, line - chain.axis, y + self.top)
                self._leave(out, place, line, y + self.top + chain.height, meet, axis)
            elif self.origins[place] is None:
                points = [(axis, y), (axis, begin), (line, begin), (line, meet), (axis, meet)]
                out.append(Line(_straight(points), "edge", radius=sizes.CORNER))
            else:
                tag(out, line, meet - 12 - sizes.TAG, self.style.marks.get(self.origins[place] or 0, "?"))
                out.append(
                    Line(_straight([(line, meet - 12), (line, meet), (axis, meet)]), "edge", radius=sizes.CORNER)
                )
        out.append(Line(((axis, meet), (axis, meet + sizes.STUB)), "edge", True))
        self.merge.draw(out, axis, meet + sizes.STUB)

    def _enter(self, out: Shapes, place: int, axis: float, line: float, y: float, begin: float) -> None:
        """Draw the line that leads into a branch which holds something."""
        origin = self.origins[place]
        bottom = y + self.top
        if not self.chains[place].parts:
            return
        if origin is None:
            points = [(axis, y), (axis, begin), (line, begin), (line, bottom)]
            out.append(Line(_straight(points), "edge", True, sizes.CORNER))
        elif origin >= 0:
            tag(out, line, bottom - 12 - sizes.TAG, self.style.marks.get(origin, "?"))
            out.append(Line(((line, bottom - 12), (line, bottom)), "edge", True))

    def _leave(self, out: Shapes, place: int, line: float, top: float, meet: float, axis: float) -> None:
        chain = self.chains[place]
        out.append(Line(_straight([(line, top), (line, meet), (axis, meet)]), "edge", radius=sizes.CORNER))
        if chain.output:
            out.append(Text(line + sizes.BESIDE, top + 17, chain.output, sizes.SMALL, "start", "quiet"))
        if mark := self.style.marks.get(chain.exit, ""):
            edge(out, line, top + 4, top + sizes.TAG + 6, "", mark, arrow=False)


def _straight(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Leave out points that lie on a straight line between their neighbours, and those that come twice."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if kept and abs(point[0] - kept[-1][0]) < 0.01 and abs(point[1] - kept[-1][1]) < 0.01:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)


def _in_line(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) + abs(b[0] - c[0]) < 0.01 or abs(a[1] - b[1]) + abs(b[1] - c[1]) < 0.01


class FramePart:
    """A frame with a title around a chain: a block that is opened, or what repeats."""

    def __init__(self, frame: scene.Frame, style: BoxStyle) -> None:
        self.frame = frame
        self.exit, self.output = frame.exit, frame.output
        self.chain = ChainPart(frame.body, style)
        self.times = f"×{frame.times}" if frame.times > 1 else ""
        room = max(sizes.MOST_HEAD, self.chain.width)
        self.title = cut(frame.title, sizes.SMALL, room)
        head = width(self.title, sizes.SMALL) + width(self.times, sizes.TITLE, bold=True) + 12
        beyond = (
            width(self.title, sizes.SMALL) + 8 - (max(self.chain.width, head) - self.chain.width) / 2 - self.chain.axis
        )
        self.clear = beyond <= _MOST_WIDER  # whether a line runs from the frame's top past its title
        wider = max(beyond, 0) if self.title and self.clear else 0
        inner = max(self.chain.width, head) + 2 * wider
        self.shift = (inner - self.chain.width) / 2 + sizes.INSET
        self.axis = self.shift + self.chain.axis
        self.width = inner + 2 * sizes.INSET
        self.above = sizes.HEADER + (4 if self.chain.enters else 0)
        self.height = self.above + self.chain.height + sizes.INSET

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw it with its upper left corner at a point."""
        frame = self.frame
        out.append(Rect(x, y, self.width, self.height, "frame", sizes.RADIUS + 2))
        texts = [Text(x + sizes.INSET, y + 16, self.title, sizes.SMALL, "start", "quiet")] if self.title else []
        if self.times:
            right = x + self.width - sizes.INSET
            texts.append(Text(right, y + 17, self.times, sizes.TITLE, "end", "text", bold=True))
        out.append(ShapeGroup(tuple(texts), frame.names, frame.spans))
        axis, bottom = x + self.axis, y + self.height
        if self.clear:
            out.append(Line(((axis, y), (axis, y + self.above)), "edge", self.chain.enters))
        self.chain.draw(out, x + self.shift, y + self.above)
        out.append(Line(((axis, bottom - sizes.INSET), (axis, bottom)), "edge"))


_MOST_WIDER = 40.0
"""By how much a frame may be wider on each side, so that its line runs past its title."""


class DetailPart:
    """The inside of a block that stands closed elsewhere: its title, what goes in, and what comes out."""

    def __init__(self, detail: scene.Detail, style: BoxStyle) -> None:
        self.detail = detail
        self.chain = ChainPart(detail.body, style)
        self.title = cut(detail.title, sizes.TITLE, max(sizes.MOST_TEXT, self.chain.width), bold=True)
        self.note = cut(detail.note, sizes.SMALL, sizes.MOST_TEXT)
        self.enters = self.chain.enters
        text = max(width(self.title, sizes.TITLE, bold=True), width(self.note, sizes.SMALL))
        labels = max(label_width(detail.input), label_width(detail.body.output))
        inner = max(self.chain.width, text, self.chain.axis + labels)
        self.left = (inner - self.chain.width) / 2 if inner == text else 0.0
        self.width = inner + 2 * sizes.INSET
        self.head = 40 + (sizes.LINE if self.note else 0)
        self.height = self.head + 2 * sizes.GAP + self.chain.height

    def draw(self, out: Shapes, x: float, y: float) -> None:
        """Draw it with its upper left corner at a point."""
        out.append(Rect(x, y, self.width, self.height, "detail", sizes.RADIUS + 2))
        out.append(Text(x + sizes.INSET, y + 21, self.title, sizes.TITLE, bold=True))
        if self.note:
            out.append(Text(x + sizes.INSET, y + 21 + sizes.LINE, self.note, sizes.SMALL, "start", "quiet"))
        left = x + sizes.INSET + self.left
        axis = left + self.chain.axis
        top = y + self.head
        edge(out, axis, top - 10, top + sizes.GAP - 6, self.detail.input, arrow=self.enters)
        self.chain.draw(out, left, top + sizes.GAP - 6)
        end = top + sizes.GAP - 6 + self.chain.height
        edge(out, axis, end, end + sizes.GAP - 4, self.chain.output)


Part = BoxPart | ForkPart | FramePart

_PARTS: dict[type, Callable[..., Part]] = {scene.Box: BoxPart, scene.SceneFork: ForkPart, scene.Frame: FramePart}


def part_of(part: scene.Part, style: BoxStyle) -> Part:
    """Return what lays a part of a scene out."""
    return _PARTS[type(part)](part, style)

"""What one unit of a layer sees: in the layers on its way, and in the input."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.receptive import Field, Fields, receptive_fields
from cnncalc.core.volume import Volume
from cnncalc.layers import Reach
from cnncalc.network import Network, Node


class Level(NamedTuple):
    """A layer on the way from the input to a unit.

    Attributes:
        node: the layer; None for the input.
        units: how many units it has along the axis.
        first, last: the first and the last of them that the unit sees; beyond those that there are is padding.
        origin, step: unit u stands over the place ``origin + u·step`` of the input.

    """

    node: Node | None
    units: int
    first: int
    last: int
    origin: float
    step: float

    def over(self, first: int, last: int) -> tuple[float, float]:
        """Return the stretch of the input over which units stand, each as wide as its step."""
        return self.origin + (first - 0.5) * self.step + 0.5, self.origin + (last + 0.5) * self.step + 0.5


class SeenInput(NamedTuple):
    """An input that a layer sees: its index, its name, its volume, and the receptive field in it, per dimension."""

    start: int
    name: str
    volume: Volume
    fields: Fields


def seen_inputs(network: Network, node: Node) -> list[SeenInput]:
    """Return the inputs of which a layer sees anything, in their order."""
    named = zip(network.starts, network.input_names or ("input",), network.inputs, strict=True)
    found = [SeenInput(*each, receptive_fields(network, each[0])[node.index]) for each in named]
    return [each for each in found if each.fields]


def way_to(network: Network, target: Node, axis: int, seen: SeenInput) -> list[Level]:
    """Return the levels from an input to a layer along an axis, whose middle unit is followed back.

    A level is a layer that looks around or steps. At a merge the way goes through the branch that sees most, but
    through none whose single value goes to every position, such as the gate of squeeze-and-excitation.
    """
    way = _way(network, target, axis, seen.start)
    places = _places(way, axis)
    levels: list[Level] = []
    first = last = target.output.spatial[axis] // 2
    for node, place in zip(reversed(way), reversed(places[1:]), strict=True):
        reach = _reach(node, axis)
        if node is target or reach is not None:
            levels.append(Level(node, node.output.spatial[axis], first, last, *place))
        if reach is not None and reach.windows:
            ends = [_looks_at(reach, unit) for unit in _ends(first, last, len(reach.windows))]
            known = [end for end in ends if end[0] <= end[1]]
            if known:
                first, last = min(end[0] for end in known), max(end[1] for end in known)
    levels.append(Level(None, seen.volume.spatial[axis], first, last, *places[0]))
    return levels[::-1]


def _way(network: Network, target: Node, axis: int, start: int) -> list[Node]:
    """Return the layers from the first one behind an input to the target."""
    fields = receptive_fields(network, start)
    way = [target]
    while (source := _source(way[-1], fields, axis)) and source != start:
        way.append(network.layers[source - 1])
    return way[::-1]


def _source(node: Node, fields: list[Fields], axis: int) -> int:
    """Return the number of the layer through which the way leads back; 0 where it has come to its end."""
    pairs = [pair for pair in zip(node.inputs, node.sources, strict=True) if fields[pair[0]]]
    whole = [index for index, source in pairs if source.spatial == node.output.spatial]
    return max(whole or [index for index, _ in pairs], key=lambda index: _size(fields[index][axis]), default=0)


def _places(way: list[Node], axis: int) -> list[tuple[float, float]]:
    """Return for the input and every layer of a way where its units stand over the input."""
    places = [(0.0, 1.0)]
    for node in way:
        origin, step = places[-1]
        reach = _reach(node, axis)
        if reach is not None:
            units, sources = node.output.spatial[axis], node.sources[0].spatial[axis]
            offset, stride = _mean(reach) if reach.windows and reach.shift else (0.0, sources / units)
            if not (reach.windows and reach.shift):
                offset = (stride - 1) / 2
            origin, step = origin + offset * step, step * stride
        places.append((origin, step))
    return places


def _mean(reach: Reach) -> tuple[float, float]:
    """Return where the first unit's window has its middle, on the average of all phases, and the step to the next."""
    period = len(reach.windows)
    step = reach.shift / period
    middles = [(window[0] + window[1]) / 2 - place * step for place, window in enumerate(reach.windows)]
    return sum(middles) / period, step


def _reach(node: Node, axis: int) -> Reach | None:
    reaches = node.operation.reaches
    return reaches[axis] if reaches else None


def _size(field: Field | None) -> int:
    return field.size if field else 0


def _ends(first: int, last: int, period: int) -> list[int]:
    """Return the units whose windows can reach farthest: those at both ends, one of each phase."""
    if last - first <= 2 * period:
        return list(range(first, last + 1))
    return [*range(first, first + period), *range(last - period + 1, last + 1)]


def _looks_at(reach: Reach, unit: int) -> tuple[int, int]:
    turn, place = divmod(unit, len(reach.windows))
    return reach.windows[place][0] + turn * reach.shift, reach.windows[place][1] + turn * reach.shift

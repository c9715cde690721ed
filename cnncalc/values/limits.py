"""How large a network may be whose values are computed in plain Python."""

from __future__ import annotations

from math import prod, sqrt

from cnncalc.core.errors import SpecError
from cnncalc.network import Network, Node

MOST_MULTIPLICATIONS = 1_000_000
"""Most multiplications and comparisons of a computation that remembers its sums: a second or two."""

MOST_FOR_IMAGES = 60_000_000
"""Most of them where an image is filtered and nothing is remembered: less than half a minute."""


def work_of(node: Node) -> int:
    """Return about how many multiplications, additions or comparisons the values of a layer take."""
    reads = 1
    for axis, reach in enumerate(node.operation.reaches):
        size = node.sources[0].spatial[axis]
        reads *= max([last - first + 1 for first, last in reach.windows], default=size) if reach else 1
    across = node.sources[0].channels if node.output.channels == 1 else 1
    return max(node.macs, prod(node.output) * reads * across, *[source.values for source in node.sources])


def check_size(network: Network, most: int = MOST_MULTIPLICATIONS) -> None:
    """Refuse a network whose values would take too long.

    Raises:
        SpecError: with the number of multiplications.

    """
    total = sum(map(work_of, network.layers))
    if total <= most and network.input.values <= most:
        return
    largest = max(network.layers, key=work_of) if network.layers else None
    where = f"; `{largest.name}` alone takes {work_of(largest):,}" if largest is not None else ""
    needed = max(total, network.input.values)
    message = f"the values take {needed:,} multiplications, and at most {most:,} are computed{where}"
    if most == MOST_FOR_IMAGES:
        side = int(max(network.input.spatial) * sqrt(most / needed))
        raise SpecError("too-large", message, hints=[f"shrink the image: --longest {max(1, side - side % 10)}"])
    hints = ["take a smaller input, or fewer layers: --input 8x8x3", "`cnncalc shapes` counts networks of any size"]
    raise SpecError("too-large", message, hints=hints)

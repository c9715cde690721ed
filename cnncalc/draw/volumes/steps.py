"""From the structure of a network to a row of volumes: what makes each, how often, and what skips past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from cnncalc.core.numbers import counted
from cnncalc.core.volume import Volume
from cnncalc.draw.roles import kernel_of, sign_of, title, word
from cnncalc.folding.items import BlockItem, Branch, Fork, Item, Leaf, Repeat
from cnncalc.folding.simplify import structure
from cnncalc.network import Network

FEW = 12
"""So many volumes are shown as they are, without folding repeats."""
MANY = 22
"""So many volumes may there be when blocks are opened."""
MOST = 44
"""So many volumes may there be at all; of more the middle is left out."""
_LEVELS = 1000
_SMALL = 200  # more layers do not fit into a few volumes


@dataclass(slots=True)
class VolumeStep:
    """A volume and what makes it.

    Attributes:
        role: the kind of layer, or ``block`` or ``input``.
        title, lines: what makes it.
        volume: what is made.
        kernel: the window of the layer that makes it; () without one.
        times: how often, one behind the other.
        names, spans, exit: the layers, as in a `Box`.
        origin: the layer that it reads, where that is not the step before.
        skips: the layers whose outputs come by a skip.

    """

    role: str
    title: str
    lines: tuple[str, ...]
    volume: Volume
    kernel: tuple[int, ...] = ()
    times: int = 1
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    exit: int = 0
    origin: int | None = None
    skips: list[int] = field(default_factory=list)


def steps_of(network: Network, depth: int | None = None) -> list[VolumeStep]:
    """Return the volumes of a network in order, with the input first."""
    start = [] if network.inputs_at else [_input(network)]
    if depth is None and len(network) <= _SMALL:
        plain = _Steps(network).chain(structure(network, fold=False), _LEVELS)
        if len(plain) < FEW:
            return [*start, *plain]
    items = structure(network, fold=True)
    if depth is not None:
        return [*start, *_shortened(_Steps(network).chain(items, depth - 1))]
    best = _Steps(network).chain(items, 0)
    for level in range(1, _LEVELS):
        more = _Steps(network).chain(items, level)
        if len(more) > MANY or len(more) == len(best):
            break
        best = more
    return [*start, *_shortened(best)]


def _input(network: Network) -> VolumeStep:
    return VolumeStep("input", "input", (), network.input, names=("input",), spans=((0, 0),))


def _shortened(steps: list[VolumeStep]) -> list[VolumeStep]:
    """Leave out the middle of a row that is too long."""
    if len(steps) <= MOST:
        return steps
    half = MOST // 2
    middle = steps[half:-half]
    spans = ((middle[0].spans[0][0], middle[-1].spans[-1][1]),)
    layers = spans[0][1] - spans[0][0] + 1
    last = middle[-1]
    names = (middle[0].names[0], "…", last.names[-1])
    left_out = VolumeStep("block", "…", (f"{layers:,} more layers",), last.volume, (), 1, names, spans, last.exit)
    return [*steps[:half], left_out, *steps[-half:]]


class _Steps:
    def __init__(self, network: Network) -> None:
        self.network = network

    def chain(self, items: Sequence[Item], depth: int) -> list[VolumeStep]:
        """Return the steps of a chain with so many levels of blocks opened."""
        steps: list[VolumeStep] = []
        for item in items:
            steps += _MAKERS[type(item)](self, item, depth)
        return steps

    def _leaf(self, item: Leaf, depth: int) -> list[VolumeStep]:
        node = item.node
        said = [*node.layer.remarks(), *([" · ".join(map(word, item.after))] if item.after else [])]
        if item.before:
            said.append("after " + " · ".join(map(word, item.before)))
        names = tuple([n.name for n in (*item.before, node, *item.after)])
        kernel = kernel_of(node.layer)
        return [self._step(node.layer.role, title(node), tuple(said), item, names, kernel)]

    def _step(
        self, role: str, head: str, lines: tuple[str, ...], item: Item, names: tuple[str, ...], kernel: tuple[int, ...]
    ) -> VolumeStep:
        volume = self.network.layers[item.exit - 1].output
        return VolumeStep(role, head, lines, volume, kernel, 1, names, ((item.first, item.last),), item.exit)

    def _fork(self, item: Fork, depth: int) -> list[VolumeStep]:
        branches = sorted(item.branches, key=lambda branch: len(branch.items))
        main = branches[-1]
        if item.entry == 0 and self.network.inputs_at:
            return self._joined(item, depth)
        if not self._goes_down(item) or not main.items or any(len(branch.items) > 1 for branch in branches[:-1]):
            return [self._closed(item)]
        steps, step = self.chain(main.items, depth), self._merge(item.merge)
        for branch in branches[:-1]:
            self._past(item, branch, step)
        return [*steps, step]

    def _merge(self, merge: Leaf) -> VolumeStep:
        said = (" · ".join(map(word, merge.after)),) if merge.after else ()
        names = tuple([n.name for n in (merge.node, *merge.after)])
        return self._step(merge.node.layer.role, merge.node.layer.kind, said, merge, names, ())

    def _joined(self, item: Fork, depth: int) -> list[VolumeStep]:
        """Return branches that begin at several inputs one behind the other; all but the last skip to the merge."""
        steps, step = [], self._merge(item.merge)
        *others, last = [branch for branch in item.branches if branch.items]
        for branch in others:
            steps += self.chain(branch.items, depth)
            step.skips.append(branch.items[-1].exit)
        for branch in item.branches:
            if not branch.items:
                step.skips.append(-1 if branch.origin is None else branch.origin)
        return [*steps, *self.chain(last.items, depth), step]

    def _goes_down(self, item: Fork) -> bool:
        """Say whether volumes inside are smaller than what comes out: then they stand in the row, as in U-Net."""
        size = prod(self.network.layers[item.merge.first - 1].output.spatial)
        return any(1 < prod(node.output.spatial) < size for node in self.network.layers[item.first - 1 : item.last])

    def _past(self, fork: Fork, branch: Branch, step: VolumeStep) -> None:
        """Note what goes past the main branch; a layer on the way is named with the merge."""
        origin = fork.entry if branch.origin is None else branch.origin
        step.skips.append(-1 if origin is None else origin)
        if branch.items:
            only = branch.items[0]
            step.spans = (*[(item.first, item.last) for item in branch.items], *step.spans)
            if type(only) is Leaf:
                step.lines = (*step.lines, f"skip: {title(only.node)}")
                step.names = (only.node.name, *step.names)

    def _closed(self, item: Fork) -> VolumeStep:
        """Return branches as a single volume."""
        kind = item.merge.node.layer.kind
        full = [branch for branch in item.branches if branch.items]
        after = [" · ".join(map(word, item.merge.after))] if item.merge.after else []
        nodes = self.network.layers[item.first - 1 : item.last]
        names = (nodes[0].name, "…", nodes[-1].name) if len(nodes) > 2 else tuple([n.name for n in nodes])
        role = "convolution" if any(node.layer.role == "convolution" for node in nodes) else "block"
        if len(full) >= 1 and len(item.branches) == 2:
            inner = max(full, key=lambda branch: branch.items[-1].last - branch.items[0].first).items
            lines = [_brief(part) for part in inner[:3]] + (["…"] if len(inner) > 3 else [])
            joins = any(node.layer.role == "enlarging" for node in nodes)  # coarse maps and fine ones, as in FCN
            head = {"+": kind if joins else "residual", "×": "gate"}.get(sign_of(item.merge.node.layer), kind)
            return self._step(role, head, (*lines, *after), item, names, ())
        lines = [f"{len(item.branches)} branches", *after]
        return self._step(role, kind, tuple(lines), item, names, ())

    def _block(self, item: BlockItem, depth: int) -> list[VolumeStep]:
        if depth > 0:
            return self.chain(item.body, depth - 1)
        name, _, arguments = item.call.partition("(")
        layers = self.network.layers[item.first - 1 : item.last]
        role = "convolution" if any(node.layer.role == "convolution" for node in layers) else "block"
        said = arguments.removesuffix(")") or counted(len(layers), "layer")
        return [self._step(role, name, (said,), item, (item.name,), ())]

    def _repeat(self, item: Repeat, depth: int) -> list[VolumeStep]:
        steps = self.chain(item.body, depth)
        volume = self.network.layers[item.exit - 1].output
        if len(steps) == 1:
            only = steps[0]
            only.times, only.volume, only.exit = item.times, volume, item.exit
            only.spans = ((item.first, item.last),)
            return steps
        # every turn is shown: a repeat of several volumes has no place in a row
        return [step for turn in item.turns for step in self.chain(turn, depth)]


_MAKERS: dict[type, Callable[[_Steps, Any, int], Any]] = {
    Leaf: _Steps._leaf,
    Fork: _Steps._fork,
    BlockItem: _Steps._block,
    Repeat: _Steps._repeat,
}


def _brief(item: Item) -> str:
    """Name an item in a few words."""
    if type(item) is Leaf:
        return title(item.node)
    if type(item) is BlockItem:
        return item.call.removesuffix("()")
    if type(item) is Repeat and len(item.body) == 1:
        return f"{_brief(item.body[0])} ×{item.times}"
    return counted(item.last - item.first + 1, "layer")

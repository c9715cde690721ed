"""From the structure of a network to a scene: which blocks are opened, which stand closed, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, cast

from cnncalc.core.numbers import counted
from cnncalc.draw import scene
from cnncalc.draw.folding.marks import marks_of
from cnncalc.draw.roles import sign_of, times, title, word
from cnncalc.folding.depth import deepest
from cnncalc.folding.items import BlockItem, Fork, Item, Leaf, Repeat
from cnncalc.folding.simplify import structure
from cnncalc.network import Network

FEW = 14
"""So many boxes are shown as they are, without folding repeats."""
MOST = 60
"""So many boxes may there be at all in a chain; of a longer one the middle is left out."""
IN_DETAIL = 14
"""So many boxes may the inside of a block have when the blocks in it are opened."""
IN_DETAILS = 64
"""So many boxes may the insides of all blocks have together."""
MOST_BRANCHES = 8
"""So many branches are shown; of more the rest is counted."""
MOST_LINES = 4


@dataclass(frozen=True)
class Limits:
    """How much is shown: how deep blocks are opened (None: as fits), how deep forks nest, how long a chain may be."""

    depth: int | None = None
    forks: int = 40
    longest: int = MOST


class Scenes:
    """The scenes of a network, whose structure is found once."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @cached_property
    def _folded(self) -> list[Item]:
        return structure(self.network, fold=True)

    def scene(self, name: str, limits: Limits = Limits()) -> scene.Scene:
        """Return the scene that shows as much as the limits allow."""
        opener = _Opener(self.network, limits)
        if limits.depth is None and len(self.network) <= _SMALL:
            items = structure(self.network, fold=False)
            if sum(1 for _ in opener.chain(items, _ALL, 0).boxes()) <= FEW:
                return opener.whole(name, items, _ALL)
        items = self._folded
        return opener.whole(name, items, opener.best_depth(items) if limits.depth is None else limits.depth - 1)


def scene_of(network: Network, name: str, limits: Limits = Limits()) -> scene.Scene:
    """Return a scene of a network."""
    return Scenes(network).scene(name, limits)


_ALL = 1000
_SMALL = 200  # more layers do not fit into a few boxes


class _Opener:
    def __init__(self, network: Network, limits: Limits) -> None:
        self.network = network
        self.limits = limits
        self.params = [0, *accumulate([node.params for node in network.layers])]
        self.macs = [0, *accumulate([node.macs for node in network.layers])]
        self.outputs = dict(zip(network.outputs_at, network.output_names, strict=False))
        self.values = [0, *accumulate([node.output.values for node in network.layers])]
        self.closed: dict[str, list[BlockItem]] = {}

    def best_depth(self, items: list[Item]) -> int:
        """Return how deep blocks are opened so that there are not too many boxes."""
        return deepest(lambda depth: sum([1 for box in self.chain(items, depth, 0).boxes() if box.role != "merge"]))

    def whole(self, name: str, items: list[Item], depth: int) -> scene.Scene:
        self.closed = {}
        chain = self.chain(items, depth, 0)
        if not self.network.inputs_at:
            start = scene.Box("input", "input", (), ("input",), ((0, 0),), 0, times(self.network.input))
            chain.parts.insert(0, start)
            chain.origins.insert(0, None)
            if items and items[0].entry != 0:
                chain.origins[1] = items[0].entry
        details = self._details() if self.limits.longest == MOST else []
        marks = marks_of([chain, *[detail.body for detail in details]])
        return scene.Scene(name, chain, details, marks, self._costs(((1, len(self.network)),)), {*self.outputs})

    # ---- parts

    def chain(self, items: Sequence[Item], depth: int, forks: int, entry: str = "") -> scene.SceneChain:
        """Return the parts of a chain; ``depth`` levels of blocks are opened, ``forks`` forks are around it."""
        parts: list[scene.Part] = []
        origins: list[int | None] = []
        half = self.limits.longest // 2
        hidden = range(half, len(items) - half) if len(items) > self.limits.longest else range(0)
        before: int | None = None
        for place, item in enumerate(items):
            if place not in hidden:
                parts.append(_PARTS[type(item)](self, item, depth, forks))
                origins.append(self._origin(item, before) if place else None)
            elif place == hidden[0]:
                parts.append(self._left_out(items[hidden[0] : hidden[-1] + 1]))
                origins.append(None)
            before = item.exit
        return scene.SceneChain(parts, origins, parts[-1].output if parts else entry)

    def _left_out(self, items: Sequence[Item]) -> scene.Box:
        """Return the box that stands for the middle of a chain which is too long."""
        spans = ((items[0].first, items[-1].last),)
        said = f"{spans[0][1] - spans[0][0] + 1:,} more layers"
        last = items[-1].exit
        box = scene.Box("block", "…", (said,), self._names(spans), spans, last, self._volume(last))
        box.costs = self._costs(spans)
        return box

    def _leaf(self, item: Leaf, depth: int, forks: int) -> scene.Box:
        node = item.node
        lines = list(node.layer.remarks())
        if item.after:
            lines.append(" · ".join(map(word, item.after)))
        said = (" · ".join(lines),) if lines else ()
        box = self._box(node.layer.role, title(node), said, item)
        box.above = " · ".join(map(word, item.before))
        box.names = tuple([n.name for n in (*item.before, node, *item.after)])
        return box

    def _fork(self, item: Fork, depth: int, forks: int) -> scene.Part:
        if forks >= self.limits.forks:
            return self._closed_fork(item)
        entry = self._volume(item.entry)
        branches = [(b, self.chain(b.items, depth, forks + 1, entry), b.origin) for b in item.branches]
        paths = [scene.Path(chain, -1 if self._begins(b.items) else origin) for b, chain, origin in branches]
        if len(paths) > MOST_BRANCHES:
            paths = self._fewer(item, paths)
        merge = item.merge
        acts = (" · ".join(map(word, merge.after)),) if merge.after else ()
        box = self._box("merge", sign_of(merge.node.layer), acts, merge)
        box.names = tuple([n.name for n in (merge.node, *merge.after)])
        return scene.SceneFork(paths, box)

    def _fewer(self, item: Fork, paths: list[scene.Path]) -> list[scene.Path]:
        """Count the branches of a fork of very many."""
        rest = item.branches[MOST_BRANCHES - 1 :]
        inner = [i for branch in rest for i in branch.items]
        spans = ((inner[0].first, inner[-1].last),) if inner else ((item.merge.first, item.merge.first),)
        said = (counted(sum(i.last - i.first + 1 for i in inner), "layer"),)
        box = scene.Box("block", f"{len(rest)} more branches", said, self._names(spans), spans, spans[0][1], "")
        box.costs = self._costs(spans) if inner else scene.Costs()
        return [*paths[: MOST_BRANCHES - 1], scene.Path(scene.SceneChain([box], [None], ""))]

    def _closed_fork(self, item: Fork) -> scene.Box:
        acts = (" · ".join(map(word, item.merge.after)),) if item.merge.after else ()
        said = f"{len(item.branches)} branches, {counted(item.last - item.first + 1, 'layer')}"
        box = self._box("block", item.merge.node.layer.kind, (said, *acts), item)
        box.names = self._names(box.spans)
        return box

    def _block(self, item: BlockItem, depth: int, forks: int) -> scene.Part:
        if depth > 0:
            body = self.chain(item.body, depth - 1, forks)
            spans = ((item.first, item.last),)
            return scene.Frame(_call(item), body, (item.name,), spans, item.exit, self._volume(item.exit))
        self.closed.setdefault(_function(item), []).append(item)
        box = self._box("block", _call(item), _summary(item), item)
        box.names = (item.name,)
        return box

    def _repeat(self, item: Repeat, depth: int, forks: int) -> scene.Part:
        body = item.body
        if len(body) == 1 and type(body[0]) is not Fork:
            part: Any = _PARTS[type(body[0])](self, body[0], depth, forks)  # a box or a frame
            self._spread(part, [turn[0] for turn in item.turns])
            part.times = item.times
            part.names = tuple([name for turn in item.turns for name in _names(turn[0])])
            part.spans = ((item.first, item.last),)
            part.exit, part.output = item.exit, self._volume(item.exit)
            return cast("scene.Part", part)
        chain = self.chain(body, depth, forks)
        for place, inner in enumerate(chain.parts):
            self._spread(inner, [turn[place] for turn in item.turns])
        spans = ((item.first, item.last),)
        return scene.Frame("", chain, self._names(spans), spans, item.exit, self._volume(item.exit), item.times)

    def _spread(self, part: scene.Part, turns: Sequence[Item]) -> None:
        """Let the boxes of the first turn stand for all turns."""
        first = turns[0].first
        for box in part.boxes():
            offsets = [turn.first - first for turn in turns]
            box.spans = tuple([(start + offset, end + offset) for offset in offsets for start, end in box.spans])
            box.costs = self._costs(box.spans)
            box.names = self._names(box.spans) if len(box.spans) < _FEW_SPANS else box.names

    def _origin(self, item: Item, before: int | None) -> int | None:
        """Return what an item reads, where that is not the item before it; -1 where nothing leads into it.

        That is one of several inputs, and a merge whose branches all read elsewhere.
        """
        if item.entry == before:
            return None
        return -1 if item.entry is None or self._begins([item]) else item.entry

    def _begins(self, items: Sequence[Item]) -> bool:
        """Say whether items begin at one of several inputs, so that no line leads into them."""
        return bool(items and self.network.inputs_at) and items[0].entry == 0

    # ---- what is said

    def _box(self, role: str, head: str, lines: tuple[str, ...], item: Item) -> scene.Box:
        spans = ((item.first, item.last),)
        return scene.Box(role, head, lines, (), spans, item.exit, self._volume(item.exit), costs=self._costs(spans))

    def _volume(self, index: int | None) -> str:
        if index is None or index < 0:
            return ""
        volume = times(self.network.layers[index - 1].output if index else self.network.input)
        name = self.outputs.get(index)
        return f"{name}: {volume}" if name else volume

    def _costs(self, spans: tuple[tuple[int, int], ...]) -> scene.Costs:
        return scene.Costs(
            *[sum([sums[b] - sums[a - 1] for a, b in spans]) for sums in (self.params, self.macs, self.values)]
        )

    def _names(self, spans: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
        layers = self.network.layers
        if sum([last - first + 1 for first, last in spans]) > _FEW_SPANS:
            return (layers[spans[0][0] - 1].name, "…", layers[spans[-1][1] - 1].name)
        return tuple([node.name for first, last in spans for node in layers[first - 1 : last]])

    # ---- details

    def _details(self) -> list[scene.Detail]:
        """Return the insides of the blocks that stand closed, one for each kind of block, while there is room."""
        details: list[scene.Detail] = []
        room = IN_DETAILS
        done: set[str] = set()
        while waiting := [key for key in self.closed if key not in done]:
            key = waiting[0]
            done.add(key)
            blocks = self.closed[key]
            if _is_told(blocks[0]):
                continue
            body = self._inside(blocks[0])
            room -= sum(1 for _ in body.boxes())
            if room < 0:
                break
            others = len({block.call for block in self.closed[key]}) > 1
            note = "the others differ in their numbers" if others else ""
            details.append(scene.Detail(_call(blocks[0]), note, self._volume(blocks[0].entry), body))
        return details

    def _inside(self, block: BlockItem) -> scene.SceneChain:
        """Return what is inside a block, with the blocks in it opened as deep as there is room."""
        closed = {key: list(blocks) for key, blocks in self.closed.items()}
        entry = self._volume(block.entry)
        for depth in (_ALL, 2, 1):
            chain = self.chain(block.body, depth, 0, entry)
            if sum(1 for _ in chain.boxes()) <= IN_DETAIL:
                return chain
            self.closed = {key: list(blocks) for key, blocks in closed.items()}
        return self.chain(block.body, 0, 0, entry)


_FEW_SPANS = 24

_PARTS: dict[type, Callable[..., Any]] = {
    Leaf: _Opener._leaf,
    Fork: _Opener._fork,
    BlockItem: _Opener._block,
    Repeat: _Opener._repeat,
}


def _function(block: BlockItem) -> str:
    return block.call.split("(", 1)[0]


def _call(block: BlockItem) -> str:
    """Write a call of a block; without brackets where there is nothing in them."""
    return block.call.removesuffix("()")


def _names(item: Item) -> tuple[str, ...]:
    if type(item) is BlockItem:
        return (item.name,)
    if type(item) is Leaf:
        return tuple([node.name for node in (*item.before, item.node, *item.after)])
    return ()


def _is_told(block: BlockItem) -> bool:
    """Say whether the lines of a closed block tell all of its layers."""
    return len(block.body) <= MOST_LINES and all(_line(item) for item in block.body)


def _line(item: Item) -> str:
    """Return the line that tells an item of a closed block; empty where a line cannot."""
    if type(item) is Leaf:
        return title(item.node) + "".join([f", {option}" for option in item.node.layer.remarks()])
    if type(item) is Repeat and len(item.body) == 1 and (inner := _line(item.body[0])):
        return f"{inner} ×{item.times}"
    return ""


def _summary(block: BlockItem) -> tuple[str, ...]:
    """Return what a closed block says of its inside."""
    if _is_told(block):
        return tuple([_line(item) for item in block.body])
    if len(block.body) == 1 and type(only := block.body[0]) is Repeat and type(only.body[0]) is BlockItem:
        return (f"{_function(only.body[0])} ×{only.times}",)
    return (counted(block.last - block.first + 1, "layer"),)

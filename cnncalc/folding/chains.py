"""From a list of layers to chains, branches and blocks.

The list is in execution order, branch by branch, so one pass with a stack finds the structure: a layer is pushed, and a
merge takes its branches from the top of the stack. What cannot be told as branches that part and merge (a label that is
taken from inside another branch) stays: the item, or the branch, reads from elsewhere. A label behind which nothing
else merges makes branches too: ``@name`` is a branch that passes the volume on. Every item is moved once for each merge
around it.
"""

from __future__ import annotations

from cnncalc.folding.items import BlockItem, Branch, Fork, Item, Leaf
from cnncalc.network import Network, Node

MOST_FORKS = 40
"""How deep forks nest at most; branches of deeper ones stay in the chain, and the merge reads from elsewhere."""


def chain_of(network: Network) -> list[Item]:
    """Return the structure of a network."""
    return _Walk(network).chain(1, len(network) + 1, 0, 0)


class _Walk:
    """What is asked of the network on the way."""

    def __init__(self, network: Network) -> None:
        self.layers = network.layers
        self.blocks = network.blocks
        self.last_reader = [0] * (len(network) + 1)
        for node in network.layers:
            for source in node.inputs:
                self.last_reader[source] = node.index
        for index in network.ends:
            self.last_reader[index] = len(network) + 1

    def chain(self, start: int, stop: int, depth: int, entry: int) -> list[Item]:
        """Return the items of the layers from ``start`` on; ``depth`` blocks are around them, ``entry`` is read."""
        stack = _Stack(entry)
        at = start
        while at < stop:
            node = self.layers[at - 1]
            parts = node.name.split(".")
            if len(parts) > depth + 1:
                end = self._end(at, stop, ".".join(parts[: depth + 1]) + ".")
                stack.push(self._block(at, end, depth, ".".join(parts[: depth + 1])))
                at = end
                continue
            if len(node.inputs) > 1 and not _unpools_at_once(node):
                stack.merge(node)
            else:
                stack.push(Leaf(at, at, node.inputs[0], at, node))
            at += 1
        return stack.items

    def _end(self, at: int, stop: int, prefix: str) -> int:
        while at < stop and self.layers[at - 1].name.startswith(prefix):
            at += 1
        return at

    def _block(self, start: int, stop: int, depth: int, name: str) -> BlockItem:
        inputs = (source for node in self.layers[start - 1 : stop - 1] for source in node.inputs if source < start)
        entry = next(inputs, None)
        leaves = next((at for at in range(stop - 1, start - 1, -1) if self.last_reader[at] >= stop), stop - 1)
        body = self.chain(start, stop, depth + 1, -1 if entry is None else entry)
        call = self.blocks.get(name, name)
        return BlockItem(start, stop - 1, entry, leaves, name, call, body, depth=_depth(body))


def _unpools_at_once(node: Node) -> bool:
    """Say whether a layer puts back what arrives straight from the max pool whose places it reads."""
    return node.layer.reads_places and node.inputs[0] == node.inputs[1]


class _Stack:
    """The items so far, and where each strand of them began: an item that does not read the one before it."""

    def __init__(self, entry: int) -> None:
        self.items: list[Item] = []
        self.starts: list[int] = []
        self.entry = entry
        self.places: dict[int, int] = {}  # by the number of the layer that leaves an item: where that item is

    def push(self, item: Item) -> None:
        before = self.items[-1].exit if self.items else self.entry
        if not self.items or item.entry != before:
            self.starts.append(len(self.items))
        self.places[item.exit] = len(self.items)
        self.items.append(item)

    def merge(self, node: Node) -> None:
        """Take the branches of a merge from the stack, and push them as one item."""
        waiting = list(node.inputs)
        taken: dict[int, Branch] = {}
        origins: list[int] = []
        first = node.index
        fork: int | None = None
        while fork is None and waiting:
            if not self.items:
                fork = self.entry
                break
            at = len(self.items) - 1
            out = self.items[-1].exit
            place = self._part(waiting, origins, out)
            if place == at:
                fork = out
            elif out not in waiting or (place is None and self.items[self.starts[-1]].entry is None):
                break
            else:
                waiting.remove(out)
                begin = self.starts[-1] if place is None else place + 1
                branch = Branch(self._take(begin))
                taken[out] = branch
                first = branch.items[0].first
                origin = branch.items[0].entry
                if place is None:
                    origins.append(-1 if origin is None else origin)
                    branch.origin = origin
                else:
                    fork = self.items[place].exit
        if fork is None and not waiting:
            fork = self._joined(origins)
        self._push_fork(node, taken, first, fork)

    def _part(self, waiting: list[int], origins: list[int], out: int) -> int | None:
        """Return the last place in the topmost strand at which other branches part from it; None if they do not."""
        others = list(waiting)
        if out in others:
            others.remove(out)
        begin = self.starts[-1]
        places = [self.places.get(index, -1) for index in (*others, *origins)]
        return max([place for place in places if place >= begin], default=None)

    def _joined(self, origins: list[int]) -> int | None:
        """Return where all branches part, if they part in what was given to the whole chain or at its last item."""
        before = self.items[-1].exit if self.items else self.entry
        return before if before in origins else None

    def _take(self, begin: int) -> list[Item]:
        taken = self.items[begin:]
        del self.items[begin:]
        for item in taken:
            self.places.pop(item.exit, None)
        while self.starts and self.starts[-1] >= begin:
            self.starts.pop()
        return taken

    def _push_fork(self, node: Node, taken: dict[int, Branch], first: int, fork: int | None) -> None:
        depth = 1 + max([_depth(branch.items) for branch in taken.values()], default=0)
        if depth > MOST_FORKS:
            for branch in sorted(taken.values(), key=lambda branch: branch.items[0].first):
                for item in branch.items:
                    self.push(item)
            taken, first, fork, depth = {}, node.index, None, 1
        branches = []
        for source in node.inputs:
            branch = taken.pop(source) if source in taken else Branch([], source)
            if branch.origin == fork:
                branch.origin = None
            branches.append(branch)
        merge = Leaf(node.index, node.index, None, node.index, node)
        self.push(Fork(first, node.index, fork, node.index, branches, merge, depth=depth))


def _depth(items: list[Item]) -> int:
    return max([item.depth for item in items], default=0)

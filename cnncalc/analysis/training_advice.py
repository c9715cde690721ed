"""What makes a network hard to train, as far as its spec shows it: one sentence for each kind of trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cnncalc.analysis.depth import depth_of, weighty
from cnncalc.analysis.receptive import receptive_fields
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed
from cnncalc.network import Network, Node

SATURATING = ("sigmoid", "hardsigmoid")
"""Activations whose slope is at most 1/4 (sigmoid) or 1/6: each shrinks a gradient that passes through it."""

MANY_SATURATING = 4
"""So many of them behind one another let gradients vanish: 1/4 to the power of 4 is less than 1/200."""

DEEP = 12
"""From so many layers with weights on, a network without norms or shortcuts rarely trains from drawn weights."""

CUTTING = ("relu", "relu6", "sigmoid", "tanh", "hardtanh", "hardsigmoid")
"""Activations that bound scores, which should be free."""


def training_advice(network: Network, *, drawn: bool = True, learned: str = "classes") -> list[str]:
    """Say what makes a network hard to train; nothing is said of what is usual.

    Args:
        network: it.
        drawn: whether it begins with drawn weights, so that its depth matters.
        learned: what it learns: ``classes``, ``labels``, ``numbers`` or ``masks``.

    Returns:
        Sentences for people, in order of weight.

    """
    found = [_bounded_scores(network, learned), _linear_pairs(network), _small_field(network)]
    if drawn:
        found += [_saturating_stack(network), _deep_without_norms(network)]
    return [sentence for sentence in found if sentence]


_SCORES = {
    "classes": ("the scores of the classes", "end with `fc` or `softmax`"),
    "labels": ("the scores of the labels", "end with `fc` or `sigmoid`"),
    "numbers": ("the numbers", "end with `fc`"),
    "masks": ("the scores of the classes", "end with `conv` or `softmax`"),
}
"""What an activation at the end bounds, by what is learned, and what belongs there."""


def _bounded_scores(network: Network, learned: str) -> str:
    """Speak of an activation between the last layer with weights and the loss."""
    for node in reversed(network.layers):
        if weighty(node.operation) or node.layer.role == "pooling" or len(node.inputs) > 1:
            return ""
        if node.layer.kind in CUTTING:
            scores, end = _SCORES[learned]
            return f"{node.name} bounds {scores}: {end}, without `{node.written}`"
    return ""


def _linear_pairs(network: Network) -> str:
    """Speak of fully connected layers, and of larger convolutions, that follow one another directly."""
    pairs = [f"{before.name} and {after.name}" for before, after in _direct_pairs(network)]
    if not pairs:
        return ""
    return f"there is no activation between {pairs[0]}{_more(pairs)}: both together are one linear layer"


def _direct_pairs(network: Network) -> Iterator[tuple[Node, Node]]:
    plain: dict[int, Node] = {}
    readers = Counter(index for node in network.layers for index in node.inputs)
    for node in network.layers:
        alone = len(node.inputs) == 1 and readers[node.inputs[0]] == 1
        before = plain.get(node.inputs[0]) if alone else None
        if _is_whole(node):
            if before is not None and before.layer.role == node.layer.role:
                yield before, node
            plain[node.index] = node
        elif before is not None and node.layer.role in ("normalisation", "regularisation"):
            plain[node.index] = before


def _is_whole(node: Node) -> bool:
    """Say whether a layer mixes all channels over positions; factorised convolutions follow one another on purpose."""
    if node.layer.role == "linear":
        return True
    return node.layer.kind == "conv" and node.weights > node.sources[0].channels * node.output.channels


def _small_field(network: Network) -> str:
    """Speak of a network whose features see a small part of the image before they are averaged."""
    merge = max([node.index for node in network.layers if len(node.inputs) > 1], default=0)
    pool = next((node for node in network.layers if _is_global(node) and node.index > merge), None)
    if pool is None or not pool.inputs[0] or network.input.dimensions != 2:
        return ""
    fields = receptive_fields(network)[pool.inputs[0]]
    sizes = [None if field is None else field.size for field in fields]
    if any(size is None or 2 * size >= whole for size, whole in zip(sizes, network.input.spatial, strict=True)):
        return ""
    seen = "x".join(map(str, sizes))
    whole = "x".join(map(str, network.input.spatial))
    return f"a unit before {pool.name} sees {seen} of the {whole} positions: pool earlier, or add layers"


def _is_global(node: Node) -> bool:
    spatial = node.sources[0].spatial
    return node.layer.role == "pooling" and max(spatial) > 1 and max(node.output.spatial) == 1


def _saturating_stack(network: Network) -> str:
    """Speak of sigmoids behind one another; those that weigh channels (in ``mul``) are passed over."""
    merged = {index for node in network.layers if len(node.inputs) > 1 for index in node.inputs}
    names = [node.name for node in network.layers if node.layer.kind in SATURATING and node.index not in merged]
    if len(names) < MANY_SATURATING or _has(network, "normalisation"):
        return ""
    return f"{len(names)} sigmoids ({listed(names, 4)}) shrink gradients to a quarter each: relu trains faster"


def _deep_without_norms(network: Network) -> str:
    depth = depth_of(network).longest_path
    if depth < DEEP or _has(network, "normalisation") or any(len(node.inputs) > 1 for node in network.layers):
        return ""
    return f"{depth} layers with weights have neither norms nor shortcuts: add `bn` after convolutions"


def _has(network: Network, role: str) -> bool:
    return any(node.layer.role == role for node in network.layers)


def _more(pairs: list[str]) -> str:
    return f" (and {counted(len(pairs) - 1, 'more pair')})" if len(pairs) > 1 else ""

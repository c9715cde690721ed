"""Which tensor of a file belongs to which parameter: by name, or else by order and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import counted
from cnncalc.core.words import shorten

COUNTER = "num_batches_tracked"
"""A batch norm's counter of batches, which changes nothing in a network that is tested; other programs leave it out."""

AUXILIARY = "aux"
"""What the names of auxiliary heads have in them (GoogLeNet, Inception v3); a spec need not have such heads."""

Named = tuple[str, Tensor]


class TensorMatch(NamedTuple):
    """A tensor of the network.

    Attributes:
        name: what `cnncalc.build` calls it.
        shape: its sizes.
        source: the name of the tensor in the file that it takes; None for one that stays as it was drawn.
        found: the sizes of that tensor, or of the one that stands in its place and does not suit; None without one.

    """

    name: str
    shape: tuple[int, ...]
    source: str | None
    found: tuple[int, ...] | None


class Matching(NamedTuple):
    """What a network takes from a file.

    Attributes:
        how: ``name`` or ``order``.
        rows: one for each tensor of the network, in its order, without counters of batches.
        unused: names of tensors of the file that the network does not take.

    """

    how: str
    rows: tuple[TensorMatch, ...]
    unused: tuple[str, ...]

    @property
    def new(self) -> tuple[TensorMatch, ...]:
        """The tensors that stay as they were drawn."""
        return tuple(row for row in self.rows if row.source is None)

    def text(self) -> str:
        """Say it in a line."""
        taken = len(self.rows) - len(self.new)
        parts = [f"{taken:,} of {len(self.rows):,} tensors by {self.how}"]
        if self.new:
            parts.append(f"new: {shorten(', '.join(map(_as_new, self.new)), 120)}")
        if self.unused:
            parts.append(f"not used: {shorten(', '.join(self.unused), 120)}")
        return "; ".join(parts)


def match(module: nn.Module, given: Mapping[str, Tensor]) -> Matching:
    """Find out which tensors of a file a module takes.

    By name, also with one word in front of all of them (``model.``, ``teacher.``), where the file has all names of the
    module or all but those of its last layers; else by order: the n-th
    tensor of the file is that of the module, as far as their shapes agree. Learned factors of channels, which some
    modules register first and others last, are counted on their own, and so are heads with `AUXILIARY` in their names.

    Raises:
        SpecError: where fewer than half of the module's tensors are found: the file is of another network.

    """
    own = _without_counters(module.state_dict().items())
    theirs = _without_counters(given.items())
    by_name = _by_name(own, dict(theirs))
    by_order = _by_order(own, theirs) if _taken(by_name) < len(own) else by_name
    how, rows = ("name", by_name) if _taken(by_name) >= _taken(by_order) else ("order", by_order)
    if 2 * _taken(rows) < len(own):
        raise _foreign(own, theirs, rows)
    used = {row.source for row in rows}
    return Matching(how, tuple(rows), tuple(name for name, _ in theirs if name not in used))


@torch.no_grad()
def fill(module: nn.Module, given: Mapping[str, Tensor], matching: Matching) -> None:
    """Copy the tensors of a file into a module; what is new stays."""
    own = module.state_dict()
    for row in matching.rows:
        if row.source is not None:
            own[row.name].copy_(given[row.source].reshape(row.shape))


def check_whole(matching: Matching, what: str) -> None:
    """Refuse weights that leave a tensor of the network as it was drawn.

    Raises:
        SpecError: with the first of them.

    """
    if not matching.new:
        return
    first, count = matching.new[0], len(matching.new)
    found = f"the file has {_sizes(first.found)} there" if first.found else "the file has none for it"
    message = f"{what} lack {count:,} of the network's {len(matching.rows):,} tensors"
    hints = [f"`{first.name}` has {_sizes(first.shape)}, and {found}"]
    raise SpecError("other-weights", message, hints=hints)


# ---- the two ways


def _by_name(own: Sequence[Named], given: Mapping[str, Tensor]) -> list[TensorMatch]:
    """Match by names, with the words in front of them with which most are found: first with none."""
    ways = ([_named_row(*item, front, given) for item in own] for front in _fronts(own, given))
    return max(ways, key=_taken)


def _named_row(name: str, value: Tensor, front: str, given: Mapping[str, Tensor]) -> TensorMatch:
    theirs = f"{front}{name}"
    return _row(name, value, (theirs, given[theirs]) if theirs in given else None)


def _fronts(own: Sequence[Named], given: Mapping[str, Tensor]) -> list[str]:
    """Return what may stand in front of names: what stands in front of the first two in the file."""
    ends = [f".{name}" for name, _ in own[:2]]
    return list(dict.fromkeys(["", *(name[: 1 - len(end)] for end in ends for name in given if name.endswith(end))]))


def _by_order(own: Sequence[Named], given: Sequence[Named]) -> list[TensorMatch]:
    theirs = list(given)
    if len(theirs) > len(own):
        theirs = [(name, value) for name, value in theirs if AUXILIARY not in name.lower()]
    paired = {
        **_in_step(_factors(own, wanted=True), _factors(theirs, wanted=True)),
        **_in_step(_factors(own, wanted=False), _factors(theirs, wanted=False)),
    }
    return [_row(name, value, paired.get(name)) for name, value in own]


def _in_step(own: Sequence[Named], given: Sequence[Named]) -> dict[str, Named]:
    """Pair tensors one after another; where there are not as many, up to the first two that differ, to show them."""
    paired: dict[str, Named] = {}
    for (name, value), theirs in zip(own, given, strict=False):
        paired[name] = theirs
        if len(own) != len(given) and not _suits(value, theirs[1]):
            break
    return paired


def _factors(named: Sequence[Named], *, wanted: bool) -> list[Named]:
    """Return the tensors that are a module's only one and have one value for each channel, or all others."""
    holders = [name.rpartition(".")[0] for name, _ in named]
    counts = Counter(holders)
    return [
        item
        for item, holder in zip(named, holders, strict=True)
        if (counts[holder] == 1 and _is_factor(item[1])) is wanted
    ]


def _is_factor(value: Tensor) -> bool:
    return value.ndim > 0 and value.numel() == max(value.shape, default=0)


def _row(name: str, value: Tensor, theirs: Named | None) -> TensorMatch:
    source = theirs[0] if theirs and _suits(value, theirs[1]) else None
    return TensorMatch(name, tuple(value.shape), source, tuple(theirs[1].shape) if theirs else None)


def _suits(own: Tensor, theirs: Tensor) -> bool:
    """Say whether two tensors have the same sizes, but for ones: a factor may be C, or C x 1 x 1."""
    return own.numel() == theirs.numel() and _plain(own.shape) == _plain(theirs.shape)


def _plain(shape: Iterable[int]) -> list[int]:
    return [size for size in shape if size != 1]


def _taken(rows: Sequence[TensorMatch]) -> int:
    return sum(row.source is not None for row in rows)


def _without_counters(named: Iterable[Named]) -> list[Named]:
    """Return tensors without the counters of batches, which other programs may number instead of naming them."""
    return [(name, value) for name, value in named if not (name.endswith(COUNTER) or _counts(value))]


def _counts(value: Tensor) -> bool:
    return not value.ndim and not value.is_floating_point()


def _foreign(own: Sequence[Named], given: Sequence[Named], rows: Sequence[TensorMatch]) -> SpecError:
    message = (
        f"the weights are of another network: they have {counted(len(given), 'tensor')}, and this one has {len(own):,}"
    )
    first = next((row for row in rows if row.source is None and row.found), None)
    if first is None:
        hints = [f"its first tensor is `{own[0][0]}`, theirs is `{shorten(given[0][0])}`"] if given else []
    else:
        hints = [f"`{first.name}` has {_sizes(first.shape)}, and they have {_sizes(first.found)} in its place"]
    return SpecError("other-weights", message, hints=hints)


def _as_new(row: TensorMatch) -> str:
    """Name a tensor that stays as it was drawn, with both sizes where the file has another one in its place."""
    return f"{row.name} ({_sizes(row.shape)}; the file has {_sizes(row.found)})" if row.found else row.name


def _sizes(shape: tuple[int, ...] | None) -> str:
    return "x".join(map(str, shape)) if shape else "1 value"

"""Names inside of one call of a block: its parameters, its labels, and how its layers are numbered."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping

_FEW = 32
_DIGITS = "0123456789"


def joined(inner: MutableMapping[str, int], outer: Mapping[str, int]) -> MutableMapping[str, int]:
    """Return names with those of the scope outside, which they hide; few are copied, so that they are found faster."""
    if type(inner) is dict is type(outer) and len(inner) + len(outer) <= _FEW:
        return {**outer, **inner}
    return ChainMap(inner, outer)  # type: ignore[arg-type]  # the outer one is only read


class Scope:
    """What names mean inside one call of a block (or at the top level).

    Attributes:
        prefix: what stands in front of the names of its layers.
        parameters: the values of parameters, those from outside too.
        labels: the indices of the volumes that carry labels.
        counts: how many layers and calls have been given a number, by their words.
        taken: names that are not to be given, or not again.

    """

    __slots__ = ("counts", "labels", "parameters", "prefix", "taken")

    def __init__(self, prefix: str, parameters: MutableMapping[str, int], taken: Iterable[str] = ()) -> None:
        self.prefix = prefix
        self.parameters = parameters
        self.labels: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.taken = set(taken)

    def numbered(self, word: str) -> str:
        """Return the next free name for a layer or a block without a label: ``conv3``."""
        count = self.counts.get(word, 0) + 1
        if self.taken or word[-1] in _DIGITS:
            count = self._free(word, count)
        self.counts[word] = count
        return f"{self.prefix}{word}{count}"

    def _free(self, word: str, count: int) -> int:
        """Return the next number with which the word is a free name."""
        if word[-1] not in _DIGITS:  # no other word makes such a name, so that it need not be remembered
            while f"{word}{count}" in self.taken:
                count += 1
            return count
        while (name := f"{word}{count}") in self.taken or self._is_numbered(name):
            count += 1
        self.taken.add(name)
        return count

    def numbered_often(self, word: str, times: int) -> list[str]:
        """Return the next free names, so many."""
        if self.taken or word[-1] in _DIGITS:
            return [self.numbered(word) for _ in range(times)]
        first = self.counts.get(word, 0) + 1
        self.counts[word] = first + times - 1
        return [f"{self.prefix}{word}{count}" for count in range(first, first + times)]

    def _is_numbered(self, name: str) -> bool:
        """Say whether a word that ends in no digit has been given this name: ``relu61`` is the 61st ``relu``."""
        word = name.rstrip(_DIGITS)
        number = name[len(word) :]
        return not number.startswith("0") and self.counts.get(word, 0) >= int(number)

    def labelled(self, label: str) -> str:
        """Return the label itself, and ``label_2`` and so on where a repeat uses it again."""
        count = self.counts.get(label + "_", 0) + 1
        self.counts[label + "_"] = count
        if count == 1:
            return self.prefix + label
        while (name := f"{label}_{count}") in self.taken:
            count += 1
        self.counts[label + "_"] = count
        self.taken.add(name)
        return self.prefix + name

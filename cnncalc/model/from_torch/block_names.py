"""What the blocks of an imported text are called: by the classes and attributes of the module's parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from cnncalc.core.volume import Volume
from cnncalc.layers import find
from cnncalc.model.from_torch.block_candidates import Family
from cnncalc.model.from_torch.traced_modules import CONTAINERS, ModuleScope
from cnncalc.model.from_torch.units import NORM, PATH, STAGE
from cnncalc.spec.expressions import RESERVED_NAMES, SIZES
from cnncalc.spec.steps import MERGES, STATEMENTS

_SAYS_NOTHING = frozenset(("body", "conv", "feature", "m", "model", "module", "net", "op", "seq"))
"""Names of attributes that hold other modules and do not say which."""

_STAGES = frozenset(("block", "layer", "level", "stage"))
"""Names of attributes that hold the blocks of one resolution."""

_OF_THE_FIELD = {
    "se": "squeeze_excite",
    "se_block": "squeeze_excite",
    "se_layer": "squeeze_excite",
    "se_module": "squeeze_excite",
    "squeeze_excitation": "squeeze_excite",
    "cn_block": "convnext",
    "any_stage": STAGE,
    "mb_conv": "mbconv",
    "fused_mb_conv": "fused_mbconv",
    "bottleneck_transform": "bottleneck",
    "conv2d_norm_activation": "conv_norm_act",
    "depthwise_separable_conv": "separable",
    "universal_inverted_residual": "uib",
    "bn_conv": "conv_bn",
}
"""The names that the field has for what classes call otherwise."""


def kind_of(members: Sequence[Sequence[ModuleScope]]) -> tuple[str, bool]:
    """Return what modules that do the same are called, and whether that is no name of a class of theirs.

    Each has several scopes where a module holds one other and nothing else.
    """
    names: Counter[tuple[bool, str]] = Counter()
    classes = set()
    for scopes in members:
        for scope in scopes:
            if found := _class_name(scope):
                names[found in (PATH, NORM), found] += 1
                classes |= set() if scope.kind in CONTAINERS else {found}
    if not names:
        return "", True
    if classes == {PATH}:  # the others have the names of attributes alone, which no second import would find
        return PATH, False
    _, kind = min(names, key=lambda each: (each[0], -names[each], each[1] not in classes, len(each[1])))
    return kind, kind not in classes


def kinds_of(members: Sequence[Sequence[ModuleScope]]) -> set[str]:
    """Return all that modules may be called."""
    return {found for scopes in members for scope in scopes if (found := _class_name(scope))}


def _class_name(scope: ModuleScope) -> str:
    """Return what a module is called: by its class, by that of its owner, or by its attribute."""
    kind = scope.kind
    if kind in CONTAINERS:
        parts = [part.rstrip("0123456789_") for part in scope.path.split(".")[1:]]
        kind = next((part for part in reversed(parts) if part), "")
        kind = _singular(re.sub(r"(?i)_?(layers?|modules?|blocks?)$", "", kind) or kind)
        if kind.lower() in _STAGES:
            kind = STAGE if not scope.owner else scope.owner
        elif kind.lower() in _SAYS_NOTHING:
            kind = scope.owner or kind
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower().strip("_")
    kind = re.sub(r"[^a-z0-9_]", "", kind)[:40]
    kind = _OF_THE_FIELD.get(kind, kind)
    short = re.sub(r"_(block|module)$", "", kind)
    return kind if _is_taken(short) or len(short) < 3 else short


def _singular(word: str) -> str:
    if re.search(r"(ch|sh|x)es$", word):
        return word[:-2]
    return word[:-1] if re.search(r"[^s]s$", word) and len(word) > 3 else word


def name(families: Sequence[Family]) -> None:
    """Name families: by their kind, and by what sets them apart if several have one, with a number if need be."""
    used: set[str] = set()
    kinds: dict[str, list[Family]] = {}
    for family in families:
        kinds.setdefault(family.kind, []).append(family)
    features = {id(family): word for alike in kinds.values() for family, word in _told_apart(alike, _FEATURES)}
    for family in sorted(families, key=lambda family: (not family.keeps, -len(family.units))):
        stem = _stem(family, kinds[family.kind]) + features[id(family)]
        stem = stem.replace("residual_residual", "residual_skip")
        stem = stem + "_block" if _is_taken(stem) or stem[0].isdigit() else stem
        number = 1
        while (family_name := stem if number == 1 else f"{stem}{number}") in used:
            number += 1
        used.add(family_name)
        family.name = family_name


def _stem(family: Family, alike: Sequence[Family]) -> str:
    """Return the kind of a family; of a branch with the module that it lies in, where branches lie in several."""
    owner = _class_name(ModuleScope("", family.units[0].scope.owner))
    owners = {other.units[0].scope.owner for other in alike}
    return f"{owner}_{PATH}" if family.kind == PATH and owner and len(owners) > 1 else family.kind


def _told_apart(alike: Sequence[Family], features: Features) -> Iterator[tuple[Family, str]]:
    """Return families of one kind with the words for what some of them do and others do not."""
    if len(alike) < 2 or not features:
        yield from ((family, "") for family in alike)
        return
    (word, has), *others = features
    with_it = [family for family in alike if has(family)]
    without = [family for family in alike if family not in with_it]
    suffix = f"_{word}" if with_it and without else ""
    yield from ((family, suffix + more) for family, more in _told_apart(with_it, others))
    yield from _told_apart(without, others)


def _is_residual(family: Family) -> bool:
    first = family.bodies[0][0]
    return first.text.startswith("add(") and not all(first.inside())


def _changes(direction: int) -> Callable[[Family], bool]:
    """Return a test for families that make volumes with more positions (1) or fewer (-1)."""

    def changes(family: Family) -> bool:
        sizes = [(_positions(body[0].before), _positions(body[-1].after)) for body in family.bodies]
        return all((after - before) * direction > 0 for before, after in sizes)

    return changes


def _does(word: str) -> Callable[[Family], bool]:
    return lambda family: any(word in phrase.text for phrase in family.bodies[0])


Features = Sequence[tuple[str, Callable[[Family], bool]]]

_FEATURES: Features = (
    ("residual", _is_residual),
    ("down", _changes(-1)),
    ("up", _changes(1)),
    ("se", _does("mul(")),
    ("separable", lambda family: family.bodies[0][0].text.startswith("dwconv")),
    ("hs", _does("hardswish")),
    ("dw", _does("dwconv")),
    ("split", _does("slice")),
)
"""What may set blocks of one kind apart, and the word for it in their names."""


def _positions(volume: Volume) -> int:
    return volume.values // volume.channels


def _is_taken(name: str) -> bool:
    """Say whether a word means something already, so that no block is called so."""
    return name in STATEMENTS or name in MERGES or name in (*RESERVED_NAMES, *SIZES) or find(name) is not None

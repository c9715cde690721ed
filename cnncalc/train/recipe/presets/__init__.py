"""Recipes that ship, and recipe files: TOML with a key for every setting. Nothing here imports torch."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, shorten, shorten_path
from cnncalc.train.recipe.settings import OLDER_KEYS, Recipe, Wrong, as_values, key_of, kind_of

_FOLDER = os.path.dirname(__file__)
_MOST_BYTES = 100_000
BASE = "base"
"""The key that names the recipe whose settings hold where the file says nothing."""


def shipped() -> list[str]:
    """Return the names of the recipes that ship."""
    return sorted(name.removesuffix(".toml") for name in os.listdir(_FOLDER) if name.endswith(".toml"))


def load_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return a recipe by its name or file, with some settings changed.

    Args:
        name: one that ships (``default``), or the path of a TOML file.
        changes: values by the names of settings; they win over what the recipe says.

    Raises:
        SpecError: for a name that is none, a file that is no TOML, an unknown key and a value out of range.

    """
    return with_changes(_read(name, ()), changes or {})


def with_changes(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a recipe with some settings changed; the values are checked."""
    known = {setting.name: setting for setting in fields(Recipe)}
    values = {name: _value(known[name], written) for name, written in changes.items()}
    return checked(replace(recipe, **values))


def _value(setting: Field[Any], written: Any) -> Any:
    """Read the value of a setting that is in no file."""
    try:
        return kind_of(setting).read(written)
    except Wrong as wrong:
        message = f"{key_of(setting.name)} is {wrong}, not {shorten(repr(written))}"
        raise SpecError("bad-recipe", message) from None


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe whose settings go together, or raise `SpecError`."""
    if recipe.mixup and recipe.cutmix:
        raise SpecError("bad-recipe", "mixup and cutmix cannot both be on", hints=["set one of them to 0"])
    if recipe.accumulate > recipe.batch > 0:
        message = f"a batch of {recipe.batch} cannot be split into {recipe.accumulate} parts"
        raise SpecError("bad-recipe", message, hints=[f"accumulate at most {recipe.batch}"])
    if recipe.nesterov and recipe.momentum == 0 and recipe.optimizer in ("sgd", "muon"):
        message = "Nesterov's momentum needs a momentum, which is 0"
        raise SpecError("bad-recipe", message, hints=["set nesterov to false as well (--no-nesterov)"])
    _check_folds(recipe)
    if recipe.views not in (1, 2, 6):
        raise SpecError("bad-recipe", f"views is one of 1, 2, 6, not {recipe.views}")
    return recipe


def _check_folds(recipe: Recipe) -> None:
    if recipe.folds == 1:
        raise SpecError("bad-recipe", "one fold would leave nothing to train with", hints=["choose 2 folds or more"])
    if recipe.fold > recipe.folds:
        what = f"there are {recipe.folds} folds, and no fold {recipe.fold}"
        message = what if recipe.folds else f"fold {recipe.fold} is one of how many?"
        raise SpecError("bad-recipe", message, hints=["say how many there are: --folds 5 --fold 1"])
    if recipe.folds and recipe.validation:
        hints = ["leave `--validation` out: each fold is validated with in turn"]
        raise SpecError("bad-recipe", "folds and a validation share cannot both be on", hints=hints)


def to_toml(recipe: Recipe) -> str:
    """Return a recipe as a TOML file with every setting."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in as_values(recipe).items())


def _read(name: str, above: tuple[str, ...]) -> Recipe:
    source, base_folder = _source(name)
    table = _parse(source)
    base = table.pop(BASE, None)
    start = Recipe()
    if base is not None:
        start = _base(source, base, base_folder, (*above, name))
    known = {key_of(setting.name): setting for setting in fields(Recipe)}
    values = {}
    for key, written in table.items():
        plain = key.replace("_", "-")
        setting = known.get(OLDER_KEYS.get(plain, plain))
        if setting is None:
            hints = did_you_mean(key, [*known, BASE])
            raise _fault(source, key, f"a recipe has no setting `{shorten(key)}`", hints)
        try:
            values[setting.name] = kind_of(setting).read(written)
        except Wrong as wrong:
            raise _fault(source, key, f"{key} is {wrong}, not {shorten(repr(written))}", []) from None
    return replace(start, **values)


def _base(source: Source, base: Any, folder: str, above: tuple[str, ...]) -> Recipe:
    if not isinstance(base, str):
        raise _fault(source, BASE, "base is the name or the path of a recipe, in quotes", [])
    path = base if base in shipped() else os.path.join(folder, base)
    if path in above or len(above) > 8:
        raise _fault(source, BASE, f"`{shorten(base)}` is its own base in the end", ["name another recipe"])
    return _read(path, above)


def _source(name: str) -> tuple[Source, str]:
    path = os.path.join(_FOLDER, f"{name}.toml") if name in shipped() else name
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):
        message = f"there is no recipe `{shorten_path(name)}`"
        hints = [*did_you_mean(name, shipped()), f"recipes are {', '.join(shipped())}, or the path of a TOML file"]
        raise SpecError("no-such-recipe", message, hints=hints) from None
    if len(data) > _MOST_BYTES:
        raise SpecError("bad-recipe", f"`{shorten_path(name)}` is too long for a recipe")
    try:
        return Source(name, data.decode("utf-8-sig")), os.path.dirname(path)
    except UnicodeDecodeError:
        raise SpecError("bad-recipe", f"`{shorten_path(name)}` is not a text in UTF-8") from None


def _parse(source: Source) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        with optional_packages():
            import tomli as tomllib
    try:
        table: dict[str, Any] = tomllib.loads(source.text)
    except (ValueError, RecursionError) as error:  # also a number of more digits than Python reads
        why = "it is nested too deep" if isinstance(error, RecursionError) else shorten(str(error), 200)
        hints = ['a line of a recipe is for example: epochs = 30, or: optimizer = "adamw"']
        raise SpecError("bad-recipe", f"{shorten_path(source.name)} is not TOML: {why}", hints=hints) from None
    return table


def _fault(source: Source, key: str, message: str, hints: list[str]) -> SpecError:
    match = re.search(rf"^\s*\[?[\"']?({re.escape(key)})\b", source.text, re.MULTILINE)
    span = Span.of(match, 1) if match else None
    return SpecError("bad-recipe", message, source=source if span else None, span=span, hints=hints)

"""What a study varies: names of the spec and of the recipe, what Optuna draws for them, and what a trial is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.words import did_you_mean, listed
from cnncalc.design.ranges import Choices, RealNumbers, Value, WholeNumbers
from cnncalc.design.space import BLOCK, VariedName, names_to_vary, read_space, refuse_set_too
from cnncalc.design.vary import Variation, read_variations
from cnncalc.network import SpecSettings
from cnncalc.optimizers import OPTIMIZERS, readers
from cnncalc.spec import parse, tree
from cnncalc.train.recipe.presets import with_changes
from cnncalc.train.recipe.settings import Recipe, key_of, kind_of

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

INPUT = "input"
_SWITCHES = {"true": True, "on": True, "false": False, "off": False}


class Varied(NamedTuple):
    """A name that a study varies.

    Attributes:
        label: as it was written, which is also its name in Optuna: ``width``, ``recipe.epochs``.
        owner: ``spec`` or ``recipe``.
        name: of a parameter of the spec, ``input``, a block, or of a setting of a `Recipe`.
        variation: what was written.
        axis: the same as a sweep has it, where the spec is varied.

    """

    label: str
    owner: str
    name: str
    variation: Variation
    axis: VariedName | None = None

    @property
    def logarithmic(self) -> bool:
        """Whether equal ratios are equally likely."""
        return not isinstance(self.variation.range, Choices) and self.variation.range.log

    def distribution(self) -> BaseDistribution:
        """Return what Optuna draws from."""
        return _distribution(self.variation)

    def ends(self) -> Sequence[Value]:
        """Return the values that are checked before a study begins: the ends of a range, or every choice."""
        found = self.variation.range
        return found.values if isinstance(found, Choices) else (_plain(found.first), _plain(found.last))


class TrialSettings(NamedTuple):
    """What is loaded and trained: how the spec is loaded, the recipe, and the blocks that are called for others."""

    settings: SpecSettings
    recipe: Recipe
    blocks: Mapping[str, str] = MappingProxyType({})


def varied_names(
    texts: Iterable[str], source: Source, recipe: Recipe, settings: SpecSettings | None = None
) -> tuple[Varied, ...]:
    """Read what is varied, and find whose each name is.

    Args:
        texts: what `--vary` says, one text for each name.
        source: the spec.
        recipe: how trials are trained where nothing else is said.
        settings: how the spec is loaded likewise.

    Raises:
        SpecError: for what cannot be read, for names that are neither the spec's nor a setting of a recipe, for those
            that are both, and for values that they do not take.

    """
    spec = _parsed(source)
    names = names_to_vary(spec) if spec else [INPUT]
    given = settings.inputs.get("") if settings else None
    found = []
    for variation in read_variations(texts):
        varied = _varied(variation, names)
        if isinstance(variation.range, RealNumbers) and varied.owner == "spec":
            message = f"a parameter of a spec is a whole number; `{varied.label}` is varied over others"
            raise variation.error("bad-range", message, ["write for example 16..64:step=8"], about_range=True)
        if settings and varied.owner == "spec":
            refuse_set_too(variation._replace(name=varied.name), settings)
        if spec and varied.owner == "spec":
            whole = variation._replace(name=varied.name)
            varied = varied._replace(axis=read_space(spec, [whole], given).axes[0])
        found.append(varied)
    for varied in found:
        _check(varied, recipe, found)
    return tuple(found)


def _parsed(source: Source) -> tree.Spec | None:
    """Return the syntax tree of a spec; None for a text of another tool."""
    try:
        return parse(source, zoo.blocks)
    except SpecError:
        return None


def parameters_of(source: Source) -> list[str]:
    """Return the names of a spec's parameters."""
    spec = _parsed(source)
    return [each.name for each in spec.statements if isinstance(each, tree.ParameterSyntax)] if spec else []


def _varied(variation: Variation, parameters: Sequence[str]) -> Varied:
    """Find whose a name is."""
    written = variation.name
    setting = written.lower().replace("-", "_")
    owners = {
        "spec": written.lower() if written.lower() in parameters else "",
        "recipe": setting if setting in _SETTINGS else "",
    }
    label = f"{variation.owner}.{written}" if variation.owner else written
    meant = [owner for owner, name in owners.items() if name and variation.owner in ("", owner)]
    if len(meant) > 1:
        hints = [f"write spec.{written} or recipe.{written}"]
        raise variation.error("bad-name", f"`{written}` is a parameter of the spec and a setting of training", hints)
    if not meant:
        whose = {"spec": "a parameter of the spec", "recipe": "a setting of training"}
        what = whose.get(variation.owner, "neither a parameter of the spec nor a setting of training")
        known = {"spec": list(parameters), "recipe": [key_of(name) for name in _SETTINGS]}
        names = known.get(variation.owner, [*known["spec"], *known["recipe"]])
        own = f"the spec has {listed(parameters, limit=20)}"
        hints = [*did_you_mean(written, names), *([own] if variation.owner != "recipe" else [])]
        message = f"`{written}` is {'not ' if variation.owner else ''}{what}"
        raise variation.error("unknown-name", message, hints)
    return Varied(label, meant[0], owners[meant[0]], variation)


_SETTINGS = {setting.name: kind_of(setting) for setting in fields(Recipe)}


def _check(varied: Varied, recipe: Recipe, every: Sequence[Varied]) -> None:
    """Refuse values that a setting does not take, and settings that no trial would read."""
    if varied.owner == "spec":
        return
    try:
        for value in varied.ends():
            with_changes(recipe, {varied.name: _written(varied.name, value)})
    except SpecError as error:
        raise varied.variation.error("bad-range", error.message, error.hints, about_range=True) from None
    optimizers = next((each.ends() for each in every if each.name == "optimizer"), (recipe.optimizer,))
    terms = readers(varied.name)
    if terms and not any(varied.name in OPTIMIZERS[str(name)].reads for name in optimizers if name in OPTIMIZERS):
        message = f"`{varied.label}` has no effect with {listed([str(name) for name in optimizers])}; it is {terms}"
        raise varied.variation.error("bad-name", message, ["leave it out, or choose another --optimizer"])


def asked_with(values: Mapping[str, Any], varied: Iterable[Varied], base: TrialSettings) -> TrialSettings:
    """Return what a trial loads and trains.

    Args:
        values: by the labels of what is varied.
        varied: what it is.
        base: what holds for everything else.

    Raises:
        SpecError: for settings that do not go together.

    """
    parameters, inputs, changes = dict(base.settings.parameters), dict(base.settings.inputs), {}
    blocks = dict(base.blocks)
    for each in varied:
        value = values[each.label]
        if each.owner == "recipe":
            changes[each.name] = _written(each.name, value)
        elif each.name == INPUT:
            inputs[""] = Source("--input", _volume_text(each, value))
        elif each.axis and each.axis.kind == BLOCK:
            blocks[each.name] = str(value)
        else:
            parameters[each.name] = Source(f"--set {each.name}", str(value))
    settings = replace(base.settings, inputs=inputs, parameters=parameters)
    return TrialSettings(settings, with_changes(base.recipe, changes), blocks)


def _volume_text(varied: Varied, value: Value) -> str:
    """Return the volume that a value stands for: ``96x96x3`` for 96."""
    values = varied.variation.range.values
    if varied.axis is None or values is None:
        return str(value)
    return str(varied.axis.values[list(values).index(value)])


def _written(name: str, value: Value) -> Any:
    """Return a value of a setting as a recipe's reader takes it."""
    if _SETTINGS[name].is_switch:
        return _SWITCHES.get(str(value).lower(), value)
    return value


def _plain(number: Any) -> Value:
    return number if isinstance(number, int) else float(number)


def _distribution(variation: Variation) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found = variation.range
    if isinstance(found, WholeNumbers) and found.points is None:
        end = found.first + (found.last - found.first) // found.step * found.step
        return IntDistribution(found.first, end, log=found.log, step=found.step)
    if isinstance(found, RealNumbers) and found.points is None:
        if found.step is None:
            return FloatDistribution(float(found.first), float(found.last), log=found.log)
        last = found.first + (found.last - found.first) // found.step * found.step
        return FloatDistribution(float(found.first), float(last), step=float(found.step))
    return CategoricalDistribution(list(found.values or ()))

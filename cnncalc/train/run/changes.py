"""What may change when a run is continued, and what is written down about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.core.errors import RunError
from cnncalc.train.recipe.presets import with_changes
from cnncalc.train.recipe.settings import Recipe, as_values, key_of
from cnncalc.train.run.facts import DATA, SPEC, RunFacts

FIXED: Mapping[str, str] = {
    "batch": "the step at which it stands is counted in batches",
    "optimizer": "its state belongs to the optimizer",
    "learning_rate_of": "its optimizer's state lies in the order of the parts",
    "ema": "its averaged weights began with the run",
    "normalise": "its weights have learned from images that are normalised as they are",
    "validation": "other images would be trained on",
    "folds": "other images would be trained on",
    "fold": "other images would be trained on",
    "seed": "the order of the images is drawn from it",
}
"""Settings that a run keeps, and why."""


class RunChange(NamedTuple):
    """What is changed where a run is resumed.

    Attributes:
        recipe: with what is new.
        facts: likewise.
        what: from what to what, for each thing that is changed: a key of the recipe, the fingerprints ``spec`` and
            ``data``, ``data-path`` and ``images``.

    """

    recipe: Recipe
    facts: RunFacts
    what: Mapping[str, Sequence[Any]]

    @property
    def new_rate(self) -> bool:
        """Whether the learning rate is another."""
        return "learning-rate" in self.what

    def text(self) -> str:
        """Return it in words, without fingerprints, which are for programs."""
        return ", ".join(
            _PRINTS[name] if name in _PRINTS else f"{name} {_shown(old)} → {_shown(new)}"
            for name, (old, new) in self.what.items()
        )

    def at(self, step: int) -> RunFacts:
        """Return the facts of the run, with the change and the step from which on it holds."""
        return self.facts._replace(changes=(*self.facts.changes, {"step": step, **self.what}))


_PRINTS: Mapping[str, str] = {SPEC: "another spec", DATA: "other data"}


def _shown(value: Any) -> Any:
    """Return how a value is shown: an empty text, of a setting that names nothing, as ``none``."""
    return "none" if value == "" else value


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a run's recipe with other settings.

    Raises:
        RunError: for settings that a run keeps.
        SpecError: for values that they do not take.

    """
    changed = with_changes(recipe, changes)
    for name in FIXED:
        if name in changes and getattr(changed, name) != getattr(recipe, name):
            message = f"--{key_of(name)} cannot be changed in a run that has begun: {FIXED[name]}"
            hints = ["leave it out, or begin a new run: cnncalc train SPEC … --out ANOTHER"]
            raise RunError("fixed-setting", message, hints=hints)
    return changed


def change_of(
    before: Recipe, after: Recipe, old: RunFacts, moved: RunFacts, fingerprints: Mapping[str, str]
) -> RunChange | None:
    """Return what is changed, or None where nothing is; a run that had no fingerprints gets none.

    Args:
        before: the recipe that the run had.
        after: the one with which it is resumed.
        old: what the run remembers of itself.
        moved: the same, with the request for its data, their name and the number of images as they are now.
        fingerprints: of what may have changed.

    """
    was, now = as_values(before), as_values(after)
    what: dict[str, Sequence[Any]] = {key: (was[key], now[key]) for key in was if was[key] != now[key]}
    if moved.data.get("data") != old.data.get("data"):
        what["data-path"] = (old.data.get("data"), moved.data.get("data"))
    if moved.images != old.images:
        what["images"] = (old.images, moved.images)
    known = {name: digits for name, digits in fingerprints.items() if name in old.fingerprints}
    what |= {name: (old.fingerprints[name], new) for name, new in known.items() if old.fingerprints[name] != new}
    facts = moved._replace(fingerprints={**old.fingerprints, **known})
    return RunChange(after, facts, what) if what else None

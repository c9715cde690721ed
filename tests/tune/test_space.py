"""What is varied: whose a name is, what Optuna draws from, and what a trial is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.network import SpecSettings
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.tune.space import TrialSettings, Varied, asked_with, varied_names

SPEC = Source("net.txt", "input 8x8x1\nparam width = 4\nparam epochs = 2\nconv 3x3x{width} p1 - relu\nfc 10")


def read(*texts: str) -> tuple[Varied, ...]:
    return varied_names(texts, SPEC, load_recipe("default"))


@pytest.mark.parametrize(
    ("text", "owner", "name"),
    [
        ("width=2..8", "spec", "width"),
        ("WIDTH=2..8", "spec", "width"),
        ("input=8x8x1,16x16x1", "spec", "input"),
        ("learning-rate=1e-4..1e-1:log", "recipe", "learning_rate"),
        ("learning_rate=1e-4..1e-1:log", "recipe", "learning_rate"),
        ("spec.epochs=1,2", "spec", "epochs"),
        ("recipe.epochs=1,2", "recipe", "epochs"),
        ("nesterov=true,false", "recipe", "nesterov"),
    ],
)
def test_names_are_found(text: str, owner: str, name: str) -> None:
    recipe = load_recipe("default", {"optimizer": "sgd"})
    (found,) = varied_names([text], SPEC, recipe)
    assert (found.owner, found.name, found.label) == (owner, name, text.split("=")[0].lower())


DRAWN: dict[str, BaseDistribution] = {
    "width=2..8": IntDistribution(2, 8),
    "width=2..9:step=2": IntDistribution(2, 8, step=2),
    "width=2..64:log": IntDistribution(2, 64, log=True),
    "width=2,4,8": CategoricalDistribution([2, 4, 8]),
    "learning-rate=1e-4..1e-1:log": FloatDistribution(1e-4, 1e-1, log=True),
    "label-smoothing=0..0.25:step=0.1": FloatDistribution(0.0, 0.2, step=0.1),
    "label-smoothing=0..0.2:count=3": CategoricalDistribution([0.0, 0.1, 0.2]),
    "optimizer=adamw|sgd": CategoricalDistribution(["adamw", "sgd"]),
}


@pytest.mark.parametrize("text", DRAWN)
def test_a_range_is_a_distribution_of_optuna(text: str) -> None:
    assert read(text)[0].distribution() == DRAWN[text]


def test_a_parameter_that_is_varied_has_no_value_by_set() -> None:
    settings = SpecSettings.of_options(None, {"width": "4"}, None)
    with pytest.raises(SpecError) as caught:
        varied_names(["width=2..8"], SPEC, load_recipe("default"), settings)
    assert str(caught.value) == (
        "--vary:1:1: `width` is varied, and --set gives it one value\n  = leave out one of the two"
    )


def test_values_go_to_the_spec_and_to_the_recipe() -> None:
    recipe = load_recipe("default", {"optimizer": "sgd"})
    varied = varied_names(["width=2..8", "input=8x8x1,16x16x1", "nesterov=true,false", "batch=16..64"], SPEC, recipe)
    values = {"width": 6, "input": "16x16x1", "nesterov": "false", "batch": 48}
    asked = asked_with(values, varied, TrialSettings(SpecSettings(), recipe))
    assert asked.settings.texts() == {"input": "16x16x1", "parameters": {"width": "6"}, "rounding": None}
    assert (asked.recipe.nesterov, asked.recipe.batch) == (False, 48)


REFUSED = {
    "depth=1..3": """\
error[unknown-name]: `depth` is neither a parameter of the spec nor a setting of training
  --> --vary:1:1
   |
 1 | depth=1..3
   | ^^^^^
   |
   = did you mean `width`?
   = the spec has epochs, input, width
""",
    "learning-rat=1..3": """\
error[unknown-name]: `learning-rat` is neither a parameter of the spec nor a setting of training
  --> --vary:1:1
   |
 1 | learning-rat=1..3
   | ^^^^^^^^^^^^
   |
   = did you mean `learning-rate`?
   = the spec has epochs, input, width
""",
    "epochs=1..3": """\
error[bad-name]: `epochs` is a parameter of the spec and a setting of training
  --> --vary:1:1
   |
 1 | epochs=1..3
   | ^^^^^^
   |
   = write spec.epochs or recipe.epochs
""",
    "recipe.width=1..3": """\
error[unknown-name]: `width` is not a setting of training
  --> --vary:1:1
   |
 1 | recipe.width=1..3
   | ^^^^^^^^^^^^
""",
    "width=0.5..3": """\
error[bad-range]: a parameter of a spec is a whole number; `width` is varied over others
  --> --vary:1:7
   |
 1 | width=0.5..3
   |       ^^^^^^
   |
   = write for example 16..64:step=8
""",
    "momentum=0.5..1": """\
error[bad-range]: momentum is a number of at least 0 and below 1, not 1.0
  --> --vary:1:10
   |
 1 | momentum=0.5..1
   |          ^^^^^^
""",
    "optimizer=adamw,lion": """\
error[bad-range]: optimizer is one of adadelta, adam, adamw, muon, rmsprop, sgd, not 'lion'
  --> --vary:1:11
   |
 1 | optimizer=adamw,lion
   |           ^^^^^^^^^^
""",
    "rho=0.5..0.9": """\
error[bad-name]: `rho` has no effect with adamw; it is Smoothing α (rmsprop) or ρ (adadelta)
  --> --vary:1:1
   |
 1 | rho=0.5..0.9
   | ^^^
   |
   = leave it out, or choose another --optimizer
""",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_varied_is_refused(text: str, complaint: Callable[..., str]) -> None:
    assert complaint(read, text) + "\n" == REFUSED[text]


def test_a_setting_of_an_optimizer_that_is_varied_too_is_taken() -> None:
    assert len(read("rho=0.5..0.9", "optimizer=adamw,rmsprop")) == 2

"""Recipes: what ships, what a file may say, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.core.errors import SpecError
from cnncalc.train.recipe.presets import checked, load_recipe, shipped, to_toml, with_changes
from cnncalc.train.recipe.settings import AUTO, OPTIMIZERS, SCHEDULES, Recipe, key_of, settings

Complaint = Callable[..., str]

# ---- what ships


def test_the_recipes_that_ship() -> None:
    assert shipped() == ["default", "fast", "lecture"]
    assert load_recipe("default") == Recipe()
    assert all(isinstance(load_recipe(name), Recipe) for name in shipped())


def test_lecture_is_the_convnetjs_demo() -> None:
    """Karpathy's CIFAR-10 demo, setting by setting.

    Adadelta with ro 0.95 and eps 1e-8, batches of 4, an L2 decay of 1e-4, which ConvNetJS divides by the batch size;
    pixels/255 − 0.5; mirrored and shifted by up to 2 pixels, filled with 0.
    """
    lecture = load_recipe("lecture")
    assert lecture == replace(
        Recipe(),
        optimizer="adadelta",
        rho=0.95,
        eps=1e-8,
        learning_rate=1.0,
        schedule="constant",
        batch=4,
        weight_decay=1e-4 / 4,
        label_smoothing=0.0,
        normalise="half",
        flip="random",
        shift=2,
        fill="zeros",
        views=6,
    )


# ---- what a file may say

_RATES = st.floats(0, 1e6)
_SHARES = st.floats(0, 1, exclude_max=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "epochs": st.integers(1, 2**62),
    "batch": st.integers(64, 10**9) | st.just(AUTO),
    "accumulate": st.integers(1, 64),
    "optimizer": st.sampled_from([*OPTIMIZERS]),
    "learning_rate": _RATES | st.just(AUTO),
    "momentum": st.floats(0, 1, exclude_min=True, exclude_max=True),
    "nesterov": st.booleans(),
    "beta2": _SHARES,
    "rho": _SHARES,
    "eps": _RATES,
    "weight_decay": _RATES | st.just(AUTO),
    "schedule": st.sampled_from(SCHEDULES),
    "warmup": _RATES,
    "step_every": st.integers(1, 2**63 - 1),
    "step_factor": st.floats(0, 1),
    "freeze": st.sampled_from(["body", "conv1, stage*"]),
    "unfreeze": st.integers(0, 2**63 - 1),
    "learning_rate_of": st.sampled_from(["", "head=10x", "conv1=0.1x, stage*=2"]),
    "label_smoothing": _SHARES,
    "auxiliary_weight": _RATES,
    "clip": _RATES,
    "ema": _SHARES,
    "flip": st.sampled_from(["auto", "none", "random", "alternating"]),
    "shift": st.integers(0, 10**6) | st.just(AUTO),
    "fill": st.sampled_from(["zeros", "reflect"]),
    "crop": st.floats(0, 1),
    "cutout": st.integers(0, 10**6),
    "mixup": _RATES,
    "augment": st.sampled_from(["", "rotation=15,colour"]),
    "balance": st.sampled_from(["none", "weights", "sampling"]),
    "normalise": st.sampled_from(["data", "half", "none"]),
    "precision": st.sampled_from(["float32", "tf32", "bf16", "fp16"]),
    "speed": st.sampled_from(["auto", "plain"]),
    "channels_last": st.booleans() | st.just(AUTO),
    "threads": st.integers(0, 1024) | st.just(AUTO),
    "compile": st.booleans(),
    "checkpointing": st.booleans(),
    "deterministic": st.booleans(),
    "seed": st.integers(0, 2**63 - 1),
    "validation": _SHARES,
    "views": st.sampled_from([1, 2, 6]),
    "patience": st.integers(0, 10**6),
    "time_limit": st.floats(0, 1e300),
    "checkpoint_every": st.floats(0, 1e300),
    "non_finite": st.sampled_from(["stop", "rollback"]),
}


def test_every_setting_is_tried() -> None:
    """Mixup and cutmix exclude each other, folds and a validation share too: only one of the two is drawn."""
    assert {setting.name for setting in settings()} == {*VALUES, "cutmix", "folds", "fold"}


@pytest.mark.slow
@given(values=st.fixed_dictionaries({}, optional=VALUES))
def test_a_recipe_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    """What `to_toml` writes is read again as the same recipe, to the last bit of every number."""
    recipe = Recipe(**values)
    path = tmp_path_factory.getbasetemp() / "again.toml"
    path.write_text(to_toml(recipe))
    assert load_recipe(str(path)) == recipe


def test_a_file_may_be_short_and_name_a_base(folder: Path) -> None:
    """What it does not say comes from its base, which may be a file beside it, or from the defaults."""
    (folder / "mine.toml").write_text('base = "fast"\nepochs = 3\nbatch_size = 64  # underscores are fine\n')
    (folder / "other.toml").write_text('base = "mine.toml"\nepochs = 4\n')
    assert load_recipe("mine.toml") == replace(load_recipe("fast"), epochs=3, batch=64)
    assert load_recipe("other.toml") == replace(load_recipe("mine.toml"), epochs=4)
    (folder / "inner").mkdir()
    (folder / "inner" / "far.toml").write_text('base = "../other.toml"\nseed = 9\n')
    assert load_recipe("inner/far.toml") == replace(load_recipe("other.toml"), seed=9)


def test_changes_win_over_the_file(folder: Path) -> None:
    (folder / "mine.toml").write_text('epochs = 3\noptimizer = "adam"\n')
    changed = load_recipe("mine.toml", {"epochs": 7, "batch": "auto"})
    assert changed == replace(Recipe(), epochs=7, optimizer="adam", batch=AUTO)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("10m", 600), ("1.5h", 5400), ("2d", 172_800), ("45", 45), (45, 45), (0.5, 0.5)],
)
def test_times_have_units(written: object, seconds: float) -> None:
    assert with_changes(Recipe(), {"time_limit": written}).time_limit == seconds


def test_words_are_taken_in_any_case() -> None:
    assert with_changes(Recipe(), {"optimizer": "AdamW"}).optimizer == "adamw"


# ---- what is wrong

WRONG = {
    "epoch = 3": (
        "error[bad-recipe]: a recipe has no setting `epoch`\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | epoch = 3\n"
        "   | ^^^^^\n"
        "   |\n"
        "   = did you mean `epochs`?"
    ),
    "epochs = 2.5": (
        "error[bad-recipe]: epochs is a whole number, not 2.5\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | epochs = 2.5\n"
        "   | ^^^^^^"
    ),
    "epochs = 0": (
        "error[bad-recipe]: epochs is a whole number of at least 1, not 0\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | epochs = 0\n"
        "   | ^^^^^^"
    ),
    "learning-rate = true": (
        "error[bad-recipe]: learning-rate is a number, not True\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | learning-rate = true\n"
        "   | ^^^^^^^^^^^^^"
    ),
    "learning-rate = nan": (
        "error[bad-recipe]: learning-rate is a finite number, not nan\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | learning-rate = nan\n"
        "   | ^^^^^^^^^^^^^"
    ),
    "momentum = 1": (
        "error[bad-recipe]: momentum is a number of at least 0 and below 1, not 1\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | momentum = 1\n"
        "   | ^^^^^^^^"
    ),
    "views = 7": (
        "error[bad-recipe]: views is a whole number of at least 1 and at most 6, not 7\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | views = 7\n"
        "   | ^^^^^"
    ),
    'nesterov = "yes"': (
        "error[bad-recipe]: nesterov is true or false, not 'yes'\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        ' 2 | nesterov = "yes"\n'
        "   | ^^^^^^^^"
    ),
    'optimizer = "lion"': (
        "error[bad-recipe]: optimizer is one of adadelta, adam, adamw, muon, rmsprop, sgd, not 'lion'\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        ' 2 | optimizer = "lion"\n'
        "   | ^^^^^^^^^"
    ),
    'time-limit = "soon"': (
        "error[bad-recipe]: time-limit is a time such as 90s, 10m or 2h, not 'soon'\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        ' 2 | time-limit = "soon"\n'
        "   | ^^^^^^^^^^"
    ),
    "[train]\nepochs = 3": (
        "error[bad-recipe]: a recipe has no setting `train`\n  --> mine.toml:2:2\n   |\n 2 | [train]\n   |  ^^^^^"
    ),
    "base = 3": (
        "error[bad-recipe]: base is the name or the path of a recipe, in quotes\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | base = 3\n"
        "   | ^^^^"
    ),
    'base = "mine.toml"': (
        "error[bad-recipe]: `mine.toml` is its own base in the end\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        ' 2 | base = "mine.toml"\n'
        "   | ^^^^\n"
        "   |\n"
        "   = name another recipe"
    ),
    'base = "quick"': (
        "error[no-such-recipe]: there is no recipe `quick`\n"
        "  = recipes are default, fast, lecture, or the path of a TOML file"
    ),
    "epochs: 3": (
        "error[bad-recipe]: mine.toml is not TOML: Expected '=' after a key in a key/value pair (at line 2, column 7)\n"
        '  = a line of a recipe is for example: epochs = 30, or: optimizer = "adamw"'
    ),
    "mixup = 0.2\ncutmix = 1": ("error[bad-recipe]: mixup and cutmix cannot both be on\n  = set one of them to 0"),
    "batch = 4\naccumulate = 8": (
        "error[bad-recipe]: a batch of 4 cannot be split into 8 parts\n  = accumulate at most 4"
    ),
    'optimizer = "sgd"\nmomentum = 0': (
        "error[bad-recipe]: Nesterov's momentum needs a momentum, which is 0\n"
        "  = set nesterov to false as well (--no-nesterov)"
    ),
    "time-limit = inf": (
        "error[bad-recipe]: time-limit is a time that ends, not inf\n"
        "  --> mine.toml:2:1\n"
        "   |\n"
        " 2 | time-limit = inf\n"
        "   | ^^^^^^^^^^"
    ),
    "views = 3": "error[bad-recipe]: views is one of 1, 2, 6, not 3",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_mistake_in_a_file_is_shown_in_its_place(folder: Path, complaint: Complaint, line: str) -> None:
    (folder / "mine.toml").write_text(f"# how I train\n{line}\n")
    assert complaint(load_recipe, "mine.toml") == WRONG[line]


def test_two_files_cannot_be_each_other_s_base(folder: Path, complaint: Complaint) -> None:
    (folder / "a.toml").write_text('base = "b.toml"\n')
    (folder / "b.toml").write_text('base = "a.toml"\n')
    assert complaint(load_recipe, "a.toml") == (
        "error[bad-recipe]: `a.toml` is its own base in the end\n"
        "  --> b.toml:1:1\n"
        "   |\n"
        ' 1 | base = "a.toml"\n'
        "   | ^^^^\n"
        "   |\n"
        "   = name another recipe"
    )


def test_a_file_that_is_no_recipe_at_all(folder: Path, complaint: Complaint) -> None:
    (folder / "weights.bin").write_bytes(b"\xff\xfe\x00")
    assert complaint(load_recipe, "weights.bin") == "error[bad-recipe]: `weights.bin` is not a text in UTF-8"
    (folder / "long.toml").write_text("#" * 200_000)
    assert complaint(load_recipe, "long.toml") == "error[bad-recipe]: `long.toml` is too long for a recipe"
    assert complaint(load_recipe, "lectures") == (
        "error[no-such-recipe]: there is no recipe `lectures`\n"
        "  = did you mean `lecture`?\n"
        "  = recipes are default, fast, lecture, or the path of a TOML file"
    )
    assert complaint(load_recipe, ".").startswith("error[no-such-recipe]: there is no recipe `.`\n")


def test_a_changed_setting_is_checked(complaint: Complaint) -> None:
    assert complaint(with_changes, Recipe(), {"batch": "many"}) == (
        "error[bad-recipe]: batch is a whole number, not 'many'"
    )
    with pytest.raises(SpecError, match="cannot both be on"):
        checked(replace(Recipe(), mixup=1.0, cutmix=1.0))


def test_keys_are_the_options() -> None:
    assert key_of("batch") == "batch"


@pytest.mark.parametrize("name", ["freeze", "learning_rate_of", "augment"])
def test_the_word_none_names_nothing(name: str) -> None:
    """It is what the documentation calls the default."""
    assert getattr(with_changes(Recipe(), {name: "none"}), name) == ""

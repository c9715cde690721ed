"""The page on training says what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cnncalc.commands.cli import run
from cnncalc.report.evaluate import Evaluation, evaluate_report
from cnncalc.train import run_files
from cnncalc.train.engine.step_memory import FEWEST_STEPS, MARGIN
from cnncalc.train.recipe.augmentations import AUGMENTATIONS
from cnncalc.train.recipe.presets import load_recipe, shipped
from cnncalc.train.recipe.settings import Setting, key_of, settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
TABLE = PAGE.split("\n## All settings\n")[1].split("\n## ")[0]
ROWS = {key: (default, kind, meaning) for key, default, kind, meaning in re.findall(
    r"^\| `([a-z0-9-]+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", TABLE, re.MULTILINE
)}  # fmt: skip
KINDS = {
    "PARTS": "names of parts",
    "PART=FACTORx": "parts and factors",
    "N": "whole number",
    "NUMBER": "number",
    "TIME": "time: 90s, 10m, 2h",
    "NAME[=N],…": "names of augmentations",
    "": "true, false",
}


def kind_text(setting: Setting) -> str:
    """Say what a setting may be, as the page does."""
    if setting.kind.choices:
        return ", ".join(setting.kind.choices)
    first, *rest = setting.kind.shown.split("|")
    return ", ".join([KINDS[first], *rest])


def value_text(value: Any) -> str:
    """Write a value as a recipe file has it."""
    if value == "":
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_stands_in_the_table_with_its_default_and_meaning() -> None:
    expected = {
        key_of(setting.name): (
            value_text(setting.kind.written(setting.default)),
            kind_text(setting),
            setting.meaning,
        )
        for setting in settings()
    }
    assert expected == ROWS


def test_every_augmentation_stands_in_the_table_with_its_usual_number_and_meaning() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([0-9.]*) \| ([^|]*) \| (yes|no) \|$", PAGE, re.MULTILINE)
    usual = {name: "" if found.usual is None else f"{found.usual:g}" for name, found in AUGMENTATIONS.items()}
    assert rows == [
        (name, usual[name], found.meaning, "yes" if found.masks else "no") for name, found in AUGMENTATIONS.items()
    ]


def test_every_recipe_that_ships_is_named() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| .*(?:AdamW|Muon|Adadelta)", PAGE, re.MULTILINE)) == set(shipped())


def test_the_recipe_on_the_page_is_one(tmp_path: Path) -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.toml").write_text(text)
    recipe = load_recipe(str(tmp_path / "mine.toml"))
    assert (recipe.epochs, recipe.optimizer, recipe.cutout, recipe.time_limit) == (30, "adamw", 8, 2 * 3600)
    assert recipe.label_smoothing == load_recipe("fast").label_smoothing


def test_the_files_of_a_run_are_listed() -> None:
    names = [
        run_files.SPEC,
        run_files.RECIPE,
        run_files.RUN,
        run_files.METRICS,
        run_files.GRADIENTS,
        run_files.CURVE,
        run_files.BEST,
        run_files.LAST,
    ]
    assert [name for name in [*names, run_files.CHECKPOINTS, run_files.TENSORBOARD] if f"`{name}" not in PAGE] == []


def test_what_auto_leaves_is_said() -> None:
    assert f"fits into {MARGIN:.0%} of what is free, but leaves an\nepoch {FEWEST_STEPS} steps" in PAGE


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "inspect", "export"])
def test_every_option_of_the_page_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Options that are written behind `cnncalc COMMAND` on a line of the page are in its help."""
    run([command, "--help"])
    shown = capsys.readouterr().out
    for line in re.findall(rf"cnncalc {command} ([^`\n]*)", PAGE):
        for option in re.findall(r"--[a-z-]+", line):
            assert option in shown


def test_the_json_of_evaluate_is_documented() -> None:
    """The page on JSON lists the fields that a test is written with, and no other."""
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    table = page.split("\n## Tests and predictions\n")[1].split("`inspect` prints")[0]
    cells = "".join(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE))
    documented = set(re.findall(r"`(\w+)`", cells))
    evaluation = Evaluation("run", "best", 1, "digits", 1, ("a", "b"), ((3, 1), (0, 4)), 0.5, None)
    assert documented | {"schema"} == set(evaluate_report(evaluation).data())

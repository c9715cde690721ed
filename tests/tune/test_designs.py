"""Designs: conditions, sizes of the input, blocks in place of others, and tasks other than classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cnncalc
from cnncalc.core.source import Source
from cnncalc.train.data import DataRequest
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals
from cnncalc.tune.blocks import with_calls
from cnncalc.tune.study import begin_study
from tests.tune.studies import Heard, begin, in_optuna, request, resume

BLOCKS = """\
input 8x8x1
block basic(width)
  conv 3x3x{width} p1 - relu
end
block wide(width)
  conv 5x5x{width} p2 - relu
end
block unit(width)
  basic(width)
end
unit(4) - pool2
first: Unit(8)*2
fc 10
"""


def test_calls_of_a_block_become_calls_of_another() -> None:
    """The definitions stay; what is counted is what the calls say: windows of 5x5 in place of 3x3."""
    text = with_calls(Source("net.txt", BLOCKS), {"unit": "wide"})
    assert text == BLOCKS.replace("unit(4) - ", "wide(4) - ").replace("Unit(8)*2", "wide(8)*2")
    weights = [[window * window * channels for channels in (1 * 4, 4 * 8, 8 * 8)] for window in (3, 5)]
    assert cnncalc.load(text).weights - cnncalc.load(BLOCKS).weights == sum(weights[1]) - sum(weights[0])


@pytest.mark.slow
def test_a_block_is_varied(folder: Path) -> None:
    """The spec of each trial's run has the calls of its block, and the best one's command needs nothing else."""
    heard = begin("study", spec=BLOCKS, vary=("unit=basic,wide",), trials=4, sampler="random", prunes=False)
    assert {row.values["unit"] for row in heard.rows} == {"basic", "wide"}
    for row in heard.rows:
        run = RunFolder(f"study/trial-{row.number:04d}")
        assert f"first: {row.values['unit']}(8)*2" in run.network(run.facts()).source.text
    small, large = ({row.parameters for row in heard.rows if row.values["unit"] == name} for name in ("basic", "wide"))
    assert (small, large) == ({4 * 10 + 8 * 37 + 8 * 73 + 10 * 129}, {4 * 26 + 8 * 101 + 8 * 201 + 10 * 129})


def test_what_is_no_block_is_refused(complaint: Callable[..., str], folder: Path) -> None:
    assert complaint(begin, "study", spec=BLOCKS, vary=("unit=basic,deep",)) == (
        "error[unknown-block]: there is no block `deep`\n"
        "  --> --vary:1:6\n"
        "   |\n"
        " 1 | unit=basic,deep\n"
        "   |      ^^^^^^^^^^\n"
        "   |\n"
        "   = its blocks are basic, unit, wide"
    )


@pytest.mark.slow
def test_a_number_is_a_square_input(folder: Path) -> None:
    spec = "input 8x8x1\nconv 3x3x4 p1 - relu - gap\nfc 10"
    asked = request("study", spec=spec, vary=("input=6,8",), trials=3, sampler="random", epochs=1)
    asked = asked._replace(train=asked.train._replace(data=DataRequest("digits", limit=100, resize="pad")))
    begin_study(asked, Heard(), Signals())
    sizes = [str(RunFolder(f"study/trial-{number:04d}").facts().spec.texts()["input"]) for number in range(3)]
    assert set(sizes) <= {"6x6x1", "8x8x1"}
    assert sizes == [f"{trial.params['input']}x{trial.params['input']}x1" for trial in in_optuna("study")]


# ---- conditions


def test_designs_that_miss_a_condition_are_not_trained(folder: Path) -> None:
    """Of widths from 1 to 40, those with fewer than 1,000 parameters: 10·width + 10·(width + 1) is 20·width + 10."""
    spec = "input 8x8x1\nparam width = 4\nconv 3x3x{width} - gap\nfc 10"
    heard = begin("study", spec=spec, vary=("width=1..40",), where=("params < 500",), trials=3, epochs=1, batch=64)
    assert len(heard.rows) == 3
    assert all(row.parameters == 20 * row.values["width"] + 10 < 500 for row in heard.rows)
    excluded = [trial for trial in in_optuna("study") if "excluded" in trial.user_attrs]
    assert excluded
    assert {trial.user_attrs["excluded"] for trial in excluded} == {"params < 500"}
    assert all(20 * trial.params["width"] + 10 >= 500 for trial in excluded)
    assert len(list(Path("study").glob("trial-*"))) == 3
    assert resume("study").rows == []


def test_conditions_that_no_design_meets_end_the_study(folder: Path, complaint: Callable[..., str]) -> None:
    assert complaint(begin, "study", vary=("width=2..8",), where=("params < 10", "macs < 1M"), sampler="random") == (
        "error[no-design]: none of 500 designs that were proposed meets params < 10 and macs < 1M\n"
        "  = widen the ranges, or relax the conditions"
    )


def test_a_condition_that_cannot_be_read_is_refused(folder: Path, complaint: Callable[..., str]) -> None:
    said = complaint(begin, "study", where=("parms < 10",))
    assert said.startswith(
        "error[unknown-name]: `parms` is neither counted nor a parameter of the spec\n  --> --where:1:1"
    )
    assert not Path("study").exists()


# ---- other tasks


@pytest.mark.slow
def test_a_regression_is_judged_by_its_error_and_less_is_better(folder: Path) -> None:
    """Images of one grey: the target is the grey, and a rate of 1e-9 learns nothing."""
    greys = np.random.default_rng(0).integers(0, 256, 200, dtype=np.uint8)
    images = np.broadcast_to(greys[:, None, None], (200, 8, 8)).copy()
    np.savez("greys.npz", x_train=images, y_train=greys / 255.0)
    asked = request("study", spec="input 8x8x1\ngap\nfc 1", vary=("learning-rate=1e-9,0.05",), trials=4, epochs=5)
    train = asked.train._replace(data=DataRequest("greys.npz", task="regression"))
    heard = Heard()
    begin_study(asked._replace(train=train, sampler="random", prunes=False), heard, Signals())
    assert heard.ended is not None and heard.ended.best is not None
    assert (heard.ended.judge.words, heard.ended.best.values) == (
        "validation root mean square error",
        {"learning-rate": 0.05},
    )
    assert heard.ended.best.score == min(row.score for row in heard.rows if row.score is not None)

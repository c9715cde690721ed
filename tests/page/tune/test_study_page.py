"""The page of a study, as a browser shows it, and its charts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cnncalc.charts.lines import chart_svg
from cnncalc.network import SpecSettings
from cnncalc.train.data import DataRequest
from cnncalc.train.measures import ACCURACY, RMSE
from cnncalc.tune.charts import history_chart, value_chart
from cnncalc.tune.folder import StudyFacts
from cnncalc.tune.page import StudyView, study_page
from cnncalc.tune.results import Judge, TrialRow, best_row, results_csv
from tests.tune.studies import begin
from tests.tune.test_space import read

EMPTY: dict[str, Any] = {"best_epoch": 0, "test": None, "parameters": None, "seconds": None, "error": ""}


def row(number: int, score: float | None, state: str = "complete", **values: Any) -> TrialRow:
    return TrialRow(number=number, state=state, values=values, score=score, epochs=3, **EMPTY)


JUDGE = Judge("validation", ACCURACY)
ROWS = [
    row(0, 0.5, width=2, optimizer="sgd"),
    row(1, 0.7, "pruned", width=4, optimizer="adamw"),
    row(2, 0.4, width=6, optimizer="sgd"),
    row(3, 0.9, width=8, optimizer="adamw"),
    row(4, None, "failed", width=8, optimizer="sgd"),
]


def test_the_best_so_far_is_a_staircase_of_complete_trials() -> None:
    best, pruned, complete = history_chart(ROWS, JUDGE).lines
    assert list(best.points) == [(0, 50), (2, 50), (2, 50), (3, 50), (3, 90), (4, 90)]
    assert (list(pruned.points), list(complete.points)) == ([(1, 70)], [(0, 50), (2, 40), (3, 90)])


def test_errors_are_better_where_they_are_smaller() -> None:
    """The root mean square error is no share, and the best so far falls."""
    chart = history_chart(ROWS, Judge("validation", RMSE))
    assert list(chart.lines[0].points) == [(0, 0.5), (2, 0.5), (2, 0.4), (3, 0.4), (3, 0.4), (4, 0.4)]
    assert (chart.title, chart.unit) == ("Validation root mean square error", "")
    assert best_row(ROWS, higher=False) == ROWS[2]


def test_words_have_places_of_their_own() -> None:
    """Two optimizers stand at a quarter and at three quarters of the axis."""
    chart = value_chart(ROWS, read("optimizer=adamw,sgd")[0], JUDGE, ROWS[3])
    drawn = chart_svg(chart)
    assert re.findall(r'x="([\d.]+)%" y="100%" dy="1.5em" text-anchor="middle">(\w+)<', drawn) == [
        ("25.00", "adamw"),
        ("75.00", "sgd"),
    ]
    assert chart.marks == [(1.0, "best")]


@pytest.mark.parametrize(
    ("written", "words", "places"),
    [
        ("width=2..8:step=2", ["2", "4", "6", "8"], [1, 3, 4]),
        ("width=8,2,6", ["8", "2", "6"], [2, 3, 1]),
        ("width=2..8:count=4:log", ["2", "3", "5", "8"], [1, 3, 4]),
        ("width=2..80", [], [2, 6, 8]),
        ("width=2..8:log", [], [2, 6, 8]),
    ],
)
def test_values_that_are_few_have_places_of_their_own(written: str, words: list[str], places: list[float]) -> None:
    """Steps and choices stand at equal distances with their values; a value between two is at the nearer one."""
    chart = value_chart(ROWS, read(written)[0], JUDGE, ROWS[3])
    assert list(chart.words) == words
    assert [place for place, _ in chart.lines[1].points] == places


def test_only_a_complete_trial_is_the_best() -> None:
    assert best_row(ROWS[:2], higher=True) == ROWS[0]
    assert best_row(ROWS, higher=True) == ROWS[3]
    assert best_row(ROWS[4:], higher=True) is None


def test_a_cell_is_no_formula() -> None:
    """Errors quote what users wrote."""
    bad = row(0, None, "failed", width=2)._replace(error="=1+1")
    assert results_csv([bad], ["width"], "accuracy").splitlines()[1] == "0,failed,2,,,3,,,,'=1+1"


def test_the_page_shows_no_folders_of_the_machine() -> None:
    """Of a path outside the current folder it shows the last name: the page is handed on."""
    facts = StudyFacts(
        name="widths",
        spec_name="/home/ann/net.txt",
        spec=SpecSettings(),
        vary=("width=2..8",),
        where=(),
        data=DataRequest("/home/ann/photos"),
        weights="",
        trials=5,
        storage="",
        sampler="random",
        prunes=False,
        tested=JUDGE.tested,
        measure=ACCURACY.name,
        command=("cnncalc", "tune", "/home/ann/net.txt", "--data=/home/ann/photos", "--out", "../ann/widths"),
        versions={"cnncalc": "1.0"},
    )
    again = "cnncalc train /home/ann/widths/best.txt --data /home/ann/photos --out again"
    page = "".join(study_page(StudyView("/home/ann/widths", facts, "at random", (), ROWS, ROWS[3], again, {})))
    assert '<p class="answer">net.txt on photos: at random</p>' in page
    assert [re.sub("</?span>", "", text) for text in re.findall("<code>(.*)</code>", page)] == [
        "cnncalc train best.txt --data photos --out again",
        "cnncalc tune net.txt --data=photos --out widths",
    ]
    assert "ann/" not in page


@pytest.mark.slow
def test_the_page_in_a_browser(folder: Path, browser: Any) -> None:
    """It shows every trial with the best one first, runs no script, asks for nothing and fits a telephone."""
    spec = "input 8x8x1\nparam kernel = 3\nconv {kernel}x{kernel}x4\nfc 10"
    heard = begin("study", spec=spec, vary=("kernel=3,9,5", "learning-rate=1e-3..1e-1:log"), trials=5)
    assert heard.ended is not None and heard.ended.best is not None
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{folder}/study/study.html")
    assert asked == [f"file://{folder}/study/study.html"]
    assert page.locator("script").count() == 0
    numbers = page.locator("tbody tr:not(.fault) td:first-child").all_inner_texts()
    assert sorted(numbers) == [f"trial-{number:04d}" for number in range(5)]
    assert numbers[0] == f"trial-{heard.ended.best.number:04d}"
    assert page.locator("figure").count() == 3
    assert page.locator("code").first.inner_text() == heard.ended.repeat
    faults = page.locator("tr.fault").all_inner_texts()
    assert [text.strip() for text in faults] == [found.error for found in heard.rows if found.error]
    page.set_viewport_size({"width": 375, "height": 800})
    ends = page.eval_on_selector_all(".chart-names span", "all => all.map(one => one.getBoundingClientRect().right)")
    assert max(ends) <= 375 and len(ends) > 6
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


@pytest.mark.slow
def test_the_rate_that_learns_nothing_is_what_matters(folder: Path) -> None:
    """Of a rate of almost 0 and one that learns, and of two numbers for ε that make no difference."""
    vary = ("learning-rate=1e-9,0.05", "eps=1e-8,1e-9")
    begin("study", spec="input 8x8x1\nfc 10", vary=vary, trials=12, sampler="random", prunes=False)
    shown = re.findall(r'scope="row">([\w-]+)</th><td class="number">([\d.]+)%', Path("study/study.html").read_text())
    assert [name for name, _ in shown] == ["learning-rate", "eps"]
    assert float(shown[0][1]) > 90

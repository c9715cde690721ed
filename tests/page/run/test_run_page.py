"""The page of a training run in a real browser: what it shows is what the run wrote."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnncalc.commands.cli import run
from cnncalc.train.data import DataRequest
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals
from tests.page.conftest import AXE, Opened, violations
from tests.train.data.files import write_images
from tests.train.runs import Heard, train
from tests.train.tasks.test_training import SMALL, write_data

pytestmark = pytest.mark.slow

SPEC = "input 8x8x1\nconv 3x3x6 p1 - relu - pool2\na: conv 3x3x6 p1 - relu\ngap - fc 10"
HOSTILE = '<img src=x onerror=alert(1)>"'


def page_of_run(path: Path, *options: str) -> str:
    """Return the page that the command writes."""
    assert run(["report", str(path), "-o", "page.html", *options]) == 0
    return Path("page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs on digits."""
    out = tmp_path_factory.mktemp("runs") / "first"
    train(SPEC, str(out), epochs=4, data=DataRequest("digits"))
    return out


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def values(page: Any, chart: str, line: str) -> list[float]:
    """Return the values of a line, read off where it is drawn."""
    drawing = page.locator(f".chart[aria-label^='{chart} by']")
    low, high = map(float, drawing.get_attribute("data-ends").split()[2:])
    path = drawing.locator(f"path.line[data-name='{line}']").get_attribute("d")
    heights = [float(y) for _, y in re.findall(r"([\d.]+),([\d.]+)", path)]
    if drawing.get_attribute("data-scale") == "log":
        return [low * (high / low) ** (1 - y / 1000) for y in heights]
    return [low + (high - low) * (1 - y / 1000) for y in heights]


def test_curves_are_those_of_the_run(trained: Path, opened: Opened) -> None:
    """Loss, accuracy and learning rate of `metrics.csv`, gradient norms of `gradients.csv`."""
    page = opened(text=page_of_run(trained))
    history = RunFolder(str(trained)).history()
    near = {"abs": 3e-3}
    assert values(page, "Loss", "training images") == pytest.approx([row.train_loss for row in history.rows], **near)
    assert values(page, "Loss", "test images") == pytest.approx([row.loss for row in history.rows], **near)
    accuracy = [100 * (row.score or 0) for row in history.rows]
    assert values(page, "Accuracy", "test images") == pytest.approx(accuracy, abs=0.1)
    rates = [row.learning_rate for row in history.rows]
    assert values(page, "Learning rate", "learning rate") == pytest.approx(rates, abs=1e-4)
    for layer in ("conv1", "a", "fc1"):
        norms = [row.norms[layer] for row in history.gradients]
        assert values(page, "Gradient norm", layer) == pytest.approx(norms, rel=5e-3)
    assert page.locator("#epochs tr").count() == 4
    assert "4 of 4" in page.text_content("#totals")


def test_the_command_stands_there_without_folders_of_the_machine(trained: Path, tmp_path: Path) -> None:
    """As a shell takes it: words in quotes, a spec of several lines on several."""
    shutil.copytree(trained, tmp_path / "home" / "run")
    path = tmp_path / "home" / "run" / "run.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["command"] = ["cnncalc", "train", "input 8x8x1\nfc 10", "--data=/home/ann/photos", "--out", str(path.parent)]
    path.write_text(json.dumps(facts), encoding="utf-8")
    text = page_of_run(path.parent)
    assert (
        "<code><span>cnncalc</span> <span>train</span> &#39;input 8x8x1<br>fc 10&#39; <span>--data=photos</span> "
        "<span>--out</span> <span>run</span></code>" in text
    )
    assert str(tmp_path) not in text


def test_the_test_is_that_of_evaluate(trained: Path, opened: Opened, capsys: pytest.CaptureFixture[str]) -> None:
    page = opened(text=page_of_run(trained))
    assert run(["evaluate", str(trained), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    cells = page.eval_on_selector_all(
        ".confusion tbody tr", "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))"
    )
    assert [[0 if text == "·" else int(text) for text in row] for row in cells] == told["confusion"]
    wrong = told["images"] - told["right"]
    assert page.locator("section:has(h2:text-is('Worst mistakes')) figure").count() == min(16, wrong)


def test_settings_that_are_empty_say_so(trained: Path) -> None:
    """No part is frozen, none has a rate of its own, and nothing of torchvision is applied."""
    text = page_of_run(trained)
    assert "<dd></dd>" not in text
    for key in ("freeze", "learning-rate-of", "augment"):
        assert f"<dt>{key}</dt><dd>none</dd>" in text.replace("\n", "")


def test_masks_stand_beside_their_images(opened: Opened) -> None:
    """An image, its mask and the predicted one; the classes have the colours of the masks."""
    data = write_data("masks", Path())
    train(SMALL["masks"], "run", epochs=1, batch=8, data=data)
    page = opened(text=page_of_run(Path("run")))
    assert page.locator(".guesses li").count() == 8
    assert page.locator(".guesses li:first-child figcaption").all_inner_texts() == ["image", "mask", "predicted"]
    assert page.locator(".guesses figure img").count() == 24
    fills = page.eval_on_selector_all(".swatch rect", "all => all.map(one => one.getAttribute('fill'))")
    assert set(fills) <= {"#22282e", "#0072b2", "#d55e00"} and len(fills) >= 8


def test_filters_images_and_maps_are_there(trained: Path, opened: Opened) -> None:
    """Six filters; eight images of eight classes with three guesses each; maps of three of them for every layer."""
    page = opened(text=page_of_run(trained))
    assert page.text_content("#seen h3 >> nth=0") == "Filters of conv1"
    assert page.locator(".guesses li").count() == 8
    assert page.locator(".guess").count() == 24
    assert page.locator("#seen h4").count() == 5  # conv1, relu1, pool1, a, relu2: what has a height and a width
    assert page.locator("#seen .maps img").count() == 3 * (5 + 1)
    loaded = page.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth > 0)")
    assert all(loaded)


def test_the_network_is_there_and_shares_the_selection(trained: Path, opened: Opened) -> None:
    """A layer that is chosen in the table is marked among the gradient norms."""
    page = opened(text=page_of_run(trained))
    assert page.locator("#gradients .faded").count() == 0
    page.click(".table tbody tr:nth-child(4) button")
    assert page.locator("#gradients .line.chosen").get_attribute("data-name") == "a"
    assert page.locator("#gradients .line.faded").count() == 2


def test_the_pointer_reads_values_off(trained: Path, opened: Opened) -> None:
    page = opened(text=page_of_run(trained))
    box = page.locator(".chart[aria-label^=Loss] svg").bounding_box()
    page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2)
    last = RunFolder(str(trained)).history().rows[-1]
    lines = page.eval_on_selector_all(".tip p", "lines => lines.map(line => line.textContent)")
    assert lines[0] == "epoch 4"
    assert float(dict(line.split(": ") for line in lines[1:])["training images"]) == pytest.approx(
        last.train_loss, abs=3e-3
    )
    page.mouse.move(5, 5)
    assert page.locator(".tip").is_hidden()


def test_an_unfinished_run_shows_what_there_is(opened: Opened) -> None:
    """One that was stopped within its first epoch has neither curves nor weights; one after an epoch has both."""
    signals = Signals()
    train(SPEC, "early", epochs=3, signals=signals, heard=Heard(begin=lambda event: signals.receive(15, None)))
    page = opened(text=page_of_run(Path("early")))
    assert "No epoch is complete yet." in page.text_content("#curves")
    assert "has no complete epoch yet" in page.text_content("#gradients")
    assert "Not shown: the run `early` has no best.safetensors yet." in page.text_content("#seen")
    assert "0 of 3" in page.text_content("#totals")
    signals = Signals()
    train(SPEC, "later", epochs=3, signals=signals, heard=Heard(epoch=lambda row: signals.receive(15, None)))
    page = opened(text=page_of_run(Path("later")))
    assert "1 of 3" in page.text_content("#totals")
    assert page.locator("#curves .chart").count() == 3
    assert page.locator(".guesses li").count() == 8


def test_a_run_that_is_older_than_gradient_norms_says_so(trained: Path, opened: Opened, tmp_path: Path) -> None:
    shutil.copytree(trained, "old")
    Path("old/gradients.csv").unlink()
    page = opened(text=page_of_run(Path("old")))
    assert page.text_content("#gradients p").startswith("This run has no gradient norms")


def test_data_that_have_gone_cost_only_what_needs_them(opened: Opened) -> None:
    write_images(Path("pets"), count=12)
    train("input 8x8x3\nconv 3x3x4 - relu - gap - fc 2", "run", epochs=1, batch=8, data=DataRequest("pets"))
    Path("pets").rename("cats")
    page = opened(text=page_of_run(Path("run")))
    assert page.text_content("#seen h3") == "Filters of conv1"
    assert page.text_content("h2:text-is('Test') + p").startswith("Not shown: ")
    assert page.locator("#curves .chart").count() == 3


def test_names_of_classes_stay_text(opened: Opened) -> None:
    write_images(Path("pets"), ("<b>x", HOSTILE.replace("/", "")), count=12)
    train("input 8x8x3\nconv 3x3x4 - relu - gap - fc 2", "run", epochs=1, batch=8, data=DataRequest("pets"))
    page = opened(text=page_of_run(Path("run")))
    assert page.locator("b:text-is('x'), img[src=x]").count() == 0
    assert HOSTILE in page.text_content(".confusion")


def test_without_torch_there_is_what_needs_none(trained: Path, opened: Opened) -> None:
    """Neither is numpy loaded; the rest says what to install."""
    code = (
        "import sys; sys.modules.update(torch=None, numpy=None, safetensors=None)\n"
        f"from cnncalc.commands.cli import run; sys.exit(run(['report', {str(trained)!r}, '-o', 'page.html']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    page = opened(text=Path("page.html").read_text(encoding="utf-8"))
    assert page.locator(".chart").count() == 4
    needs = 'this needs numpy, which is not installed: pip install "cnncalc[train]"'
    assert page.text_content("#seen p") == f"Not shown: {needs}."


@pytest.mark.parametrize(("scheme", "wide"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_everybody_can_use_it(trained: Path, opened: Opened, scheme: str, wide: int) -> None:
    """axe-core finds nothing, and nothing is wider than the screen."""
    page = opened(text=page_of_run(trained), scheme=scheme, wide=wide, bypass=True)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    ends = page.eval_on_selector_all(".chart-names span", "all => all.map(one => one.getBoundingClientRect().right)")
    assert ends and max(ends) <= wide
    if not AXE.exists():
        pytest.skip("there is no axe-core")
    assert violations(page) == []

"""The page of ``cnncalc inspect`` in a real browser: it asks for nothing, says what it shows, and lets nothing in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnncalc.inspect.html import look_page
from cnncalc.inspect.look import look_at
from cnncalc.inspect.parts import TrainedLook
from cnncalc.inspect.sheet import look_sheet
from cnncalc.inspect.wishes import LookWishes
from tests.inspect.subjects import make_subject, noise
from tests.page.conftest import AXE, browser

__all__ = ["browser"]  # the fixture

SPEC = "input 12x12x3\nconv 3x3x8 p1 - relu - pool2\nconv 3x3x12 p1 - relu\ngap - fc 3"
HOSTILE = ("<img src=x onerror=alert(1)>", "</style><script>alert(2)</script>", '"><b>cat</b>')
"""Names of classes."""

Shown = Callable[..., Any]


def look(folder: Path, classes: tuple[str, ...] = ("cat", "dog", "horse"), many: int = 0) -> TrainedLook:
    """Return a look at a network with first weights, at images of noise."""
    spec = SPEC.replace("fc 3", f"fc {many}") if many else SPEC
    labels = [index % (many or 3) for index in range(60)]
    subject = make_subject(folder, spec, images=noise(60, 12, 12, 3), labels=labels)
    return look_at(subject._replace(name=classes[0], classes=subject.classes if many else classes), LookWishes())


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Iterator[Shown]:
    """A function that opens the page of a look; in the end no page has asked for anything or complained."""
    contexts, complaints, asked = [], [], []

    def show(page_of: TrainedLook, scheme: str = "light", bypass: bool = False, width: int = 1280) -> Any:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text("".join(look_page(page_of, "1")), encoding="utf-8")
        context = browser.new_context(color_scheme=scheme, bypass_csp=bypass, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield show
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [url for url in asked if url.endswith(".html")]
    assert len([url for url in asked if url.endswith(".html")]) == len(contexts)
    for context in contexts:
        context.close()


@pytest.mark.slow
def test_every_picture_is_there_and_says_what_it_shows(shown: Shown, tmp_path: Path) -> None:
    page = shown(look(tmp_path))
    sizes = page.eval_on_selector_all("img", "images => images.map(one => one.naturalWidth)")
    texts = page.eval_on_selector_all("img", "images => images.map(one => one.alt)")
    assert len(sizes) > 20
    assert min(sizes) > 10
    assert "Filters of conv1" in texts
    assert "What relu2 makes of test image 1" in texts
    assert all(texts)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 600])
def test_nothing_is_wider_than_the_window(shown: Shown, tmp_path: Path, width: int) -> None:
    page = shown(look(tmp_path), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_hostile_names_of_classes_are_text(shown: Shown, tmp_path: Path) -> None:
    page = shown(look(tmp_path, HOSTILE))
    assert page.text_content("h1") == HOSTILE[0]
    assert HOSTILE[1] in page.text_content("table.confusion")
    assert page.locator("script").count() == 0
    assert page.locator("b").count() == 0


@pytest.mark.slow
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("many", [0, 30])
def test_axe_finds_nothing(shown: Shown, tmp_path: Path, many: int, scheme: str) -> None:
    page = shown(look(tmp_path, many=many), scheme=scheme, bypass=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


# ---- without a browser


def test_of_many_classes_the_most_frequent_confusions_are_shown(tmp_path: Path) -> None:
    """30 classes: a matrix of 900 cells says less than the pairs that are confused most."""
    page = "".join(look_page(look(tmp_path, many=30), "1"))
    assert "The most frequent confusions" in page
    assert "Confusion matrix" not in page


@pytest.mark.parametrize(
    ("spec", "size"), [("input 20x2\nconv 3x4 - relu\nfc 3", (20, 2)), ("input 6x6x6x1\nconv 3x3x3x2\nfc 3", (6, 6, 6))]
)
def test_other_dimensions_say_what_cannot_be_shown(tmp_path: Path, spec: str, size: tuple[int, ...]) -> None:
    """A signal and a volume: metrics and the mistakes by name, and a sentence for each kind of picture."""
    subject = make_subject(tmp_path, spec, images=noise(30, *size), labels=[0, 1, 2] * 10)
    parts = {part.title: part for part in look_at(subject, LookWishes()).parts}
    why = f"the input {subject.network.input} has no height and width"
    assert parts["Filters of the first layer"].text == f"They cannot be shown: {why}."
    assert parts["Maps"].text == f"They cannot be shown: {why}."
    assert parts["What excites units most"].text == f"It cannot be shown: {why}."
    assert "They have no height and width to show: image " in parts["What it gets most wrong"].text
    assert parts["Precision, recall and confusion"].evaluation is not None


def test_images_of_many_channels_are_shown_as_their_mean(tmp_path: Path) -> None:
    """Filters have a tile for each channel, and everything else is as for grey images."""
    images = noise(30, 8, 8, 5)
    subject = make_subject(tmp_path, "input 8x8x5\nconv 3x3x4 - relu\nfc 3", images=images, labels=[0, 1, 2] * 10)
    parts = look_at(subject, LookWishes()).parts
    photo = parts[1].rows[0].shots[0].picture
    step = photo.shape[0] // 8
    assert np.abs(photo[::step, ::step, 0].astype(float) - images[0].mean(2)).max() <= 0.5


def test_the_sheet_of_everything(tmp_path: Path) -> None:
    """Light and dark are of one size, since only colours differ."""
    everything = look(tmp_path)
    sizes = {
        torch.frombuffer(bytearray(look_sheet(everything, theme)[16:24]), dtype=torch.uint8)
        for theme in ("light", "dark")
    }
    assert len({tuple(size.tolist()) for size in sizes}) == 1
    assert look_sheet(look(tmp_path, many=30), "light")[:8] == b"\x89PNG\r\n\x1a\n"

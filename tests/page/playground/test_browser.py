"""The playground in a real browser: what one types is counted, drawn and explained, without a network too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc import __version__
from cnncalc.playground.server import PlaygroundServer
from cnncalc.playground.site import site, write_site
from tests.page.conftest import violations
from tests.page.playground.conftest import DIGITS, LIBRARY, NARROW, ready, totals, write

pytestmark = pytest.mark.slow


def test_what_one_types_is_counted_and_drawn(page: Any) -> None:
    """The lecture's convolution: 760 parameters; the arithmetic stands beside the text."""
    write(page, "input 32x32x3\nconv 5x5x10 s1 p2\n")
    totals(page, "760 parameters")
    assert "conv 5×5, 10" in page.text_content(".picture")
    page.wait_for_selector(".detail:has-text('(5·5·3 + 1)·10 = 760')", timeout=60_000)
    page.wait_for_selector(".timeline svg", timeout=60_000)
    page.wait_for_selector("#layer h2:has-text('Receptive field of conv1')", timeout=60_000)


def test_a_fault_is_underlined_with_its_sum_repairs_and_picture(page: Any) -> None:
    """The earlier network stays, and a line says so; when the fault is mended the new one is shown."""
    write(page, "input 7x7x3\nconv 3x3x1 s3\n")
    page.wait_for_selector("#faults .error", timeout=60_000)
    assert "".join(page.locator(".code-error").all_text_contents()) == "s3"
    assert page.text_content("#faults .sum") == "(7 − 3 + 2·0)/3 + 1 = 2 1/3"
    assert page.is_visible("#faults svg")
    assert page.is_visible("text=The network below is that of the last text without a fault.")
    assert page.get_attribute("#text", "aria-invalid") == "true"
    write(page, "input 7x7x3\nconv 3x3x1 s2\n")
    totals(page, "7x7x3 → 3x3x1")
    assert not page.is_visible("#faults .error")


def test_a_text_of_another_tool_is_replaced_by_its_spec(page: Any) -> None:
    """No line of it is marked for a layer, since lines of the spec are others; a button puts the spec in its place."""
    head, layer = "[net]\nwidth=8\nheight=8\nchannels=3\n", "filters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    write(page, f"{head}\n[convolutional]\n{layer}")
    totals(page, "8x8x3 → 8x8x4")
    assert page.text_content("#faults p") == "The text is read as a Darknet cfg"
    assert page.locator("#colours .chosen").count() == 0
    page.click("text=Put its spec here")
    page.wait_for_selector("#faults:empty", state="attached")
    assert "conv 3x3x4 p1 - leakyrelu 0.1" in page.input_value("#text")
    assert page.text_content("#colours .chosen").startswith("conv 3x3x4")


def test_a_very_long_text_stands_there_without_colours(page: Any) -> None:
    """A browser takes seconds to colour it, at every key."""
    text = "input 32x32x3\nconv 5x5x10 s1 p2\n" + "# nothing\n" * 3000
    put = "(text) => { const field = find('text'); field.value = text; field.dispatchEvent(new Event('input')); }"
    page.evaluate(put, text)  # as text that is typed, it takes the browser longer than the test waits
    totals(page, "32x32x3 → 32x32x10")
    assert page.locator("#colours div").count() == 0
    assert page.locator(".editor.plain").count() == 1
    write(page, "input 32x32x3\nconv 5x5x12 s1 p2\n")
    totals(page, "32x32x3 → 32x32x12")
    assert page.locator("#colours div").count() == 3


def test_an_example_replaces_the_text_and_undo_brings_it_back(page: Any) -> None:
    """ResNet-18 has 11,689,512 parameters (torchvision)."""
    before = page.input_value("#text")
    page.select_option("#examples", "resnet18")
    totals(page, "(11,689,512)")
    page.focus("#text")
    page.keyboard.press("Control+z")
    assert page.input_value("#text") == before


def test_a_link_holds_the_text(page: Any, server: PlaygroundServer) -> None:
    """It stands in the fragment, which no server gets; who opens it has the same text."""
    text = "# 합성곱 🙂\ninput 9x9x1\nconv 3x3x2\n"
    write(page, text)
    totals(page, "9x9x1 → 7x7x2")
    page.click("#share")
    page.wait_for_selector("#status:has-text('link')")
    link = page.evaluate("location.href")
    assert link.startswith(f"{server.address}#1.")
    other = page.context.new_page()
    other.goto(link)
    totals(other, "9x9x1 → 7x7x2")
    assert other.input_value("#text") == text


def test_a_damaged_link_is_said(page: Any, server: PlaygroundServer) -> None:
    """And the text stays as it was."""
    page.evaluate("location.hash = '#1.AAAA'")
    page.wait_for_selector("#status:has-text('The link is damaged; its text cannot be read.')")
    write(page, "input 9x9x1\nconv 3x3x2\n")
    totals(page, "9x9x1 → 7x7x2")  # an answer of Python takes nothing away that is said
    assert page.text_content("#status") == "The link is damaged; its text cannot be read."


def test_it_works_without_a_network(page: Any, server: PlaygroundServer) -> None:
    """After the first visit every file is kept, Python among them."""
    page.context.set_offline(True)
    page.reload()
    ready(page)
    write(page, "input 28x28x1\nconv 3x3x4\n")
    totals(page, "28x28x1 → 26x26x4")


def test_a_layer_is_chosen_in_text_table_and_picture(page: Any) -> None:
    """A click into the text chooses the layer that is written there."""
    page.click("#text", position={"x": 60, "y": 78})  # the fourth line
    page.wait_for_selector("tr.chosen:has-text('conv2')")
    page.click("[data-layer^=conv1]")
    assert page.text_content("#colours .chosen").startswith("conv 5x5x6")


def test_everybody_can_use_it(on_a_phone: Any) -> None:
    """Nothing that axe-core knows of is in the way: names, contrasts, roles; on a phone nothing sticks out."""
    write(on_a_phone, "input 7x7x3\nconv 3x3x4\nconv 3x3x1 s3\n")
    on_a_phone.wait_for_selector("#faults .error", timeout=60_000)
    write(on_a_phone, "input 7x7x3\nconv 3x3x4\n")
    totals(on_a_phone, "7x7x3 → 5x5x4")
    assert violations(on_a_phone) == []
    assert on_a_phone.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


PANELS = {
    "values": "#values-layers td",
    "quiz": "#quiz-exercises fieldset",
    "training": "#train-views canvas",
}
"""What is seen of a panel that has something to show."""


def test_everybody_can_use_every_panel(on_a_phone: Any) -> None:
    """With what they show, and beside a fault; also on a phone."""
    write(on_a_phone, DIGITS)
    totals(on_a_phone, "8x8x1 → 1x1x10")
    for name, seen in PANELS.items():
        if name == "training" and not (LIBRARY / "tfjs-backend-wasm").is_dir():
            continue
        on_a_phone.click(f"#tab-{name}")
        if name != "values":
            on_a_phone.click(f"#panel-{name} button[type=submit]")
        on_a_phone.wait_for_selector(seen, timeout=120_000)
        if name == "values":
            on_a_phone.click(f"{seen} button >> nth=0")
            on_a_phone.wait_for_selector("#values-sum h3")
        assert violations(on_a_phone) == []
        assert on_a_phone.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    on_a_phone.click("#tab-network")
    write(on_a_phone, "input 7x7x3\nconv 3x3x1 s3\n")
    on_a_phone.wait_for_selector("#faults .error", timeout=60_000)
    assert violations(on_a_phone) == []


def test_the_sum_of_a_value_of_a_signal(page: Any) -> None:
    """A signal has positions, no rows and columns."""
    write(page, "input 5x1\nconv 3x1 kernel=[1 2 3] bias=0\n")
    totals(page, "5x1 → 3x1")
    page.click("#tab-values")
    page.fill("#values-input", "1 0 2 0 1")
    page.click("#values-layers td:has-text('4') button")
    page.wait_for_selector("#values-sum:has-text('conv1 at position 1, channel 0')")
    assert "0·1 + 2·2 + 0·3 = 4" in page.text_content("#values-sum")
    assert page.locator("#values-layers td.read").all_text_contents() == ["0", "2", "0"]


DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/plain" }));
  const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("footer").dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_a_file_is_dropped_anywhere(page: Any) -> None:
    """Its text goes into the editor; what is no text is refused, and never takes the place of the page."""
    assert page.evaluate(DROP, ["network.txt", "input 9x9x1\nconv 3x3x2\n"])
    totals(page, "9x9x1 → 7x7x2")
    assert page.evaluate(DROP, ["photo.bin", "\0\x01"])
    page.wait_for_selector("#status:has-text('photo.bin is not the text of a network')")
    assert page.input_value("#text") == "input 9x9x1\nconv 3x3x2\n"
    page.click("#tab-training")
    assert page.evaluate(DROP, ["notes.txt", "a note"])
    assert page.text_content("#train-status") == "1 file chosen; Begin reads them."


def test_the_keys_go_to_the_first_and_the_last_tab(page: Any) -> None:
    """As in any list of tabs."""
    page.focus("#tab-network")
    page.keyboard.press("End")
    assert page.get_attribute("#tab-quiz", "aria-selected") == "true"
    page.keyboard.press("Home")
    assert page.get_attribute("#tab-network", "aria-selected") == "true"


def test_a_page_from_disk_says_why_it_wants_a_server(browser: Any, server: PlaygroundServer, tmp_path: Path) -> None:
    """The first network is there all the same."""
    write_site(str(tmp_path), site(__version__))
    opened = browser.new_page()
    opened.goto((tmp_path / "index.html").as_uri())
    assert "cnncalc playground FOLDER --serve starts one." in opened.text_content("#status")
    assert "61.7 k parameters (61,706)" in opened.text_content("#totals")

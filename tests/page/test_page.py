"""The page of ``cnncalc report`` in a real browser: what is seen, what answers, what stays outside."""

from __future__ import annotations

import re
from typing import Any

import pytest

import cnncalc
from cnncalc import zoo
from tests.page.conftest import AXE, Opened, page_of, violations

pytestmark = pytest.mark.slow

LENET = """input 32x32x1
conv 5x5x6 - tanh - avgpool 2x2 s2
conv 5x5x16 - tanh - avgpool 2x2 s2
conv 5x5x120 - tanh
fc 84 - tanh - fc 10"""


def rows(page: Any) -> list[list[str]]:
    """Return the texts of the rows that are shown."""
    found: list[list[str]] = page.eval_on_selector_all(
        ".table tr[data-layer]", "lines => lines.map(line => [...line.children].map(cell => cell.textContent))"
    )
    return found


def test_the_table_has_the_numbers_of_the_lecture(opened: Opened) -> None:
    """LeNet-5 as the lecture has it: 5·5·1·6 + 6 = 156 parameters, 28·28·6·25 = 117,600 multiplications, and so on."""
    page = opened(LENET)
    shown = {row[1]: row for row in rows(page)}
    assert shown["conv1"][2:7] == ["conv 5x5x6", "28x28x6", "156", "117,600", "18.4 KiB"]
    assert [shown[name][4] for name in ("conv2", "conv3", "fc1", "fc2")] == ["2,416", "48,120", "10,164", "850"]
    assert "61.7 k parameters (61,706)" in page.text_content(".answer")


def test_a_layer_is_chosen_everywhere(opened: Opened) -> None:
    """A click in the table, the picture, a strip or the text: each marks all of them, and shows the arithmetic."""
    page = opened(LENET)

    def chosen() -> tuple[str, str, str]:
        return (
            page.text_content("tr.chosen td:nth-child(2)"),
            page.get_attribute("[data-span].chosen", "data-layer").split()[0],
            page.text_content(".spec .chosen").lstrip("0123456789"),
        )

    assert chosen() == ("conv1", "conv1", "conv 5x5x6 - tanh - avgpool 2x2 s2")
    page.click("tbody tr:nth-child(4)")
    assert chosen() == ("conv2", "conv2", "conv 5x5x16 - tanh - avgpool 2x2 s2")
    assert "(14 − 5 + 2·0)/1 + 1 = 10" in page.text_content(".detail")
    page.click("[data-layer^=conv3]")
    assert chosen()[:2] == ("conv3", "conv3")
    page.click(".spec div:nth-child(5)")
    assert chosen()[0] == "fc1"
    page.click(".strip >> nth=1", position={"x": 3, "y": 5})
    assert chosen()[0] == "conv1"


def test_the_keyboard_goes_where_the_mouse_goes(opened: Opened) -> None:
    page = opened(LENET)
    page.focus("tbody tr:first-child button")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.text_content("tr.chosen td:nth-child(2)") == "conv2"
    page.keyboard.press("/")
    page.keyboard.type("avgpool")
    assert [row[1] for row in rows(page)] == ["avgpool1", "avgpool2"] or [row[1] for row in rows(page)] == [
        "pool1",
        "pool2",
    ]
    page.focus("[data-layer^=conv3]")
    page.keyboard.press("Enter")
    assert "conv 5x5x120" in page.text_content(".detail h3")


def test_columns_sort_down_up_and_back(opened: Opened) -> None:
    page = opened(LENET)
    whole = [row[1] for row in rows(page)]
    head = "thead th:nth-child(5) button"
    page.click(head)
    assert [row[4] for row in rows(page)][:3] == ["48,120", "10,164", "2,416"]
    assert page.get_attribute("thead th:nth-child(5)", "aria-sort") == "descending"
    page.click(head)
    assert [row[4] for row in rows(page)][-1] == "48,120"
    page.click(head)
    assert [row[1] for row in rows(page)] == whole


def test_blocks_fold_with_their_sums(opened: Opened) -> None:
    """The stages of ResNet-50 have the sums of their layers."""
    network = cnncalc.load("resnet50")
    page = opened("resnet50")
    page.click(".foldall")
    shown = rows(page)
    assert [row[1] for row in shown if row[1].startswith("▸")] == ["▸stage1", "▸stage2", "▸stage3", "▸stage4"]
    expected = [sum(node.params for node in network if node.name.startswith(f"stage{n}.")) for n in (1, 2, 3, 4)]
    assert [row[4] for row in shown if row[1].startswith("▸")] == [f"{number:,}" for number in expected]
    page.click(".unfold")
    assert page.text_content(".shown") == "198 of 198 rows"  # 174 layers, 20 calls of blocks, 4 repeats
    page.click(".foldall")
    assert rows(page) == shown


def test_repeats_are_rows_as_in_the_terminal(opened: Opened) -> None:
    """The 35 bottlenecks of ResNet-152's third stage are one row, which the mouse and the keyboard open."""
    page = opened("resnet152")
    bottleneck = 1024 * 256 + 2 * 256 + 9 * 256 * 256 + 2 * 256 + 256 * 1024 + 2 * 1024
    row = next(row for row in rows(page) if "×35" in row[1])
    assert row[1:5] == [
        "▸path2 … add36 ×35",
        "add(path(256, 1, 256, 1) | ) - relu",
        "14x14x1024",
        f"{35 * bottleneck:,}",
    ]
    before = len(rows(page))
    page.click("tr.block:has-text('×35') .fold")
    assert len(rows(page)) == before + 3 * 35  # a path that is closed, an add and a relu each
    page.keyboard.press("ArrowLeft")
    assert len(rows(page)) == before
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "fold stage3.path2"
    assert "stage3.path2.conv1" in page.text_content(".detail h3")


DEEP = "input 8x8x4\n" + "\n".join(f"conv 3x3x{4 + at % 89} p1" for at in range(600))


def test_of_a_long_table_the_rows_in_view_are_there(opened: Opened) -> None:
    """600 rows scroll, sort, filter and are chosen, while the document holds some dozens; in print all are there."""
    page = opened(DEEP)

    def numbers() -> list[int]:
        return [int(row[0]) for row in rows(page)]

    assert numbers()[0] == 1
    assert len(numbers()) < 100
    assert page.get_attribute(".table table", "aria-rowcount") == "601"
    page.click(".spec div:nth-child(500)")
    assert page.text_content("tr.chosen td") == "499"
    page.focus("tr.chosen button")
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    assert page.text_content("tr.chosen td") == "539"
    assert page.evaluate("document.activeElement.closest('tr').getAttribute('aria-rowindex')") == "540"
    page.click("thead th:nth-child(1) button")
    page.click("thead th:nth-child(1) button")
    assert numbers()[:3] == [600, 599, 598]
    page.fill("input[type=search]", "conv600")
    assert numbers() == [600]
    page.fill("input[type=search]", "")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert numbers() == list(range(600, 0, -1))
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert len(numbers()) < 100


def test_the_timeline_is_that_of_the_prediction(opened: Opened) -> None:
    page = opened("vgg16")
    prediction = cnncalc.predict_memory(cnncalc.load("vgg16"))
    label = page.get_attribute(".timeline svg", "aria-label")
    assert label.startswith(
        f"Peak {prediction.peak_bytes / 2**20:,.0f} MiB" if prediction.peak_bytes < 1000 * 2**20 else "Peak "
    )
    path = page.get_attribute(".timeline .area", "d")
    heights = [100 - float(height) for height in re.findall(r"V([\d.]+)H", path)]
    most = max(moment.bytes for moment in prediction.timeline)
    expected = [96 * moment.bytes / most for moment in prediction.timeline]
    assert heights == pytest.approx(expected, abs=0.01)


def test_several_networks_are_compared(opened: Opened) -> None:
    page = opened("resnet18", "resnet50")
    cells = page.eval_on_selector_all("header tbody tr", "lines => lines.map(line => line.innerText.split('\\t'))")
    assert ["parameters", "11,689,512", "25,557,032", "2.19x"] in cells
    assert page.locator("section.network").count() == 2


HOSTILE = """input 8x8x1
# </script><script>alert(1)</script> <img src=x onerror=alert(2)>
conv 3x3x4 # <b>"&'</b>
fc 2"""


def test_a_hostile_text_is_shown_and_does_nothing(opened: Opened) -> None:
    """Neither in the text nor in the name of a file does markup become markup."""
    page = opened(HOSTILE)
    assert (
        page.text_content(".spec div:nth-child(2)")
        == "2# </script><script>alert(1)</script> <img src=x onerror=alert(2)>"
    )
    assert page.locator("img").count() == 0
    assert page.locator("script:not([type])").count() == 1


def test_what_is_not_named_by_its_hash_does_not_run(opened: Opened) -> None:
    """The policy refuses a script that somebody puts into the file."""
    text = page_of(LENET).replace("<main", "<script>document.title='broken in'</script><main", 1)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("specs", [(LENET,), ("resnet50",), ("lenet5", "unet")])
def test_axe_finds_nothing(opened: Opened, specs: tuple[str, ...], scheme: str) -> None:
    page = opened(*specs, scheme=scheme, bypass=True)
    assert violations(page) == []


def test_letters_of_a_picture_can_be_read_on_a_phone(opened: Opened) -> None:
    """The picture keeps its size there, and is scrolled in its box; the page is not."""
    page = opened("vgg16", wide=390)
    letters = "[...document.querySelectorAll('.picture text')].map((text) => text.getBoundingClientRect().height)"
    assert min(page.evaluate(letters)) >= 9
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_has_no_memory_is_shown_without(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a layer of another package the memory may not be known; all else is there."""

    def unknown(*arguments: Any) -> None:
        raise cnncalc.SpecError("no-memory", "`swirl` does not say what it does to memory")

    monkeypatch.setattr("cnncalc.page.page.predict_memory", unknown)
    page = opened("conv 1x1x4", input="2x2x3")
    assert "It is not known: `swirl` does not say what it does to memory" in page.text_content("section.network")
    assert rows(page)[0][4] == "16"


@pytest.mark.parametrize(("spec", "most"), [("resnet152", 300_000), ("lenet5", 60_000)])
def test_a_page_is_small(spec: str, most: int) -> None:
    """In bytes."""
    assert len(page_of(spec).encode()) < most


def test_the_legend_has_the_kinds_of_layers_that_are_there() -> None:
    """Each with its colour in the strips."""
    page = page_of("conv 3x3x4 - relu - dropout 0.5 - fc 10", input="8x8x3")
    assert re.findall(r'<i class="kind-(\w+)"></i>\1</li>', page) == [
        *("convolution", "linear", "regularisation", "activation"),
    ]


def test_the_legend_has_every_colour_once(opened: Opened) -> None:
    """Kinds of layers that look the same in the strips share an entry."""
    page = opened("conv 3x3x4 - bn - relu - dropout 0.5 - fc 10", input="8x8x3")
    assert page.locator(".legend li").all_text_contents() == [
        *("convolution", "linear", "normalisation and regularisation", "activation"),
    ]
    colours = page.evaluate(
        "[...document.querySelectorAll('.legend i')].map((i) => getComputedStyle(i).backgroundColor)"
    )
    assert len(set(colours)) == len(colours)


def test_totals_of_several_networks_are_scrolled_on_a_phone(opened: Opened) -> None:
    """The page is not wider than the phone."""
    page = opened("vgg16", "resnet50", "alexnet", wide=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("(box) => box.scrollWidth > box.clientWidth", page.query_selector("header .wide"))


def test_all_columns_are_seen_where_layers_have_long_calls(opened: Opened) -> None:
    """At 1280 pixels the last column was cut; long operations are shortened, and their titles say all of them."""
    source = zoo.spec("efficientnet_b0")
    assert source is not None
    [table] = opened(source.text).query_selector_all(".table")
    assert table.evaluate("each => each.scrollWidth - each.clientWidth") == 0

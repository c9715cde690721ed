"""What the page of ``cnncalc report`` takes in a browser: to its first paint, and from a click to the next frame.

    python benchmarks/page.py               # the networks below
    python benchmarks/page.py resnet50      # other specs

It needs Chromium and playwright. A time is the median of `RUNS`, in milliseconds: ``paint``
from the start of the navigation to the first contentful paint, ``ready`` to a table that answers, all else from the
event to the end of the frame that shows its effect. ``open`` unfolds all blocks and repeats, ``fold`` folds them; then
the table is open. The size is in kB.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.page.page import report_page, shown

RUNS = 7
LIMITS = {"paint": 200, "ready": 1000}
LIMIT = 50
"""Milliseconds that are aimed at; a page is ready when its table answers."""

BLOCK = "block unit(width)\n add( conv 3x3x{width} p1 nobias - bn | ) - relu\nend\n"
NETWORKS = {
    "resnet152": "resnet152",
    "densenet201": "densenet201",
    "2,000 layers in 500 blocks": f"input 16x16x8\n{BLOCK}unit(8)*500",
    "2,000 layers that differ": "input 16x16x8\n" + "\n".join(f"conv 3x3x{8 + at % 89} p1" for at in range(2000)),
}

FIRST_PAINT = """new Promise((done) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") done(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""
READY = """new Promise((done) => {
  const look = () => (document.querySelector("section.network").view ? done(performance.now()) : setTimeout(look));
  look();
})"""
FRAME = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
ACTIONS = {
    "open": "section.querySelector('.unfold').click();",
    "fold": "section.querySelector('.foldall').click();",
    "sort": "section.querySelectorAll('thead button')[5].click();",
    "filter": "const input = section.querySelector('input'); input.value = input.value ? '' : 'conv'; "
    "input.dispatchEvent(new Event('input'));",
    "select": "const lines = section.querySelectorAll('tbody tr'); "
    "lines[(lines.length * (1 + round % 3)) >> 2].querySelector('td').click();",
    "box": "const boxes = section.querySelectorAll('.picture [data-span]'); "
    "boxes[1 + round % (boxes.length - 1)].dispatchEvent(new Event('click', { bubbles: true }));",
}
OPENED = ("sort", "filter", "select", "box")
"""What is timed while the whole table is open."""


def main() -> None:
    from playwright.sync_api import sync_playwright

    chosen = {spec: spec for spec in sys.argv[1:]} or NETWORKS
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, {platform.machine()}; medians of {RUNS}, in ms")
        print(f"{'':30}{'kB':>6}{''.join(f'{name:>8}' for name in (*LIMITS, *ACTIONS))}")
        for name, spec in chosen.items():
            path = Path(folder) / "page.html"
            network = shown(name, cnncalc.count(cnncalc.load(spec)))
            path.write_text("".join(report_page([network], cnncalc.__version__)), encoding="utf-8")
            times = measured(browser, path.as_uri())
            broken = [kind for kind, time in times.items() if time > LIMITS.get(kind, LIMIT)]
            said = f"   over the limit: {', '.join(broken)}" if broken else ""
            numbers = "".join(f"{time:8.0f}" for time in times.values())
            print(f"{name:30}{path.stat().st_size / 1000:6.0f}{numbers}{said}")
        browser.close()


def measured(browser: Any, address: str) -> dict[str, float]:
    """Return the times of a page by what is done; a complaint or a request ends the program."""
    paints, ready = [], []
    page: Any = None
    for _ in range(RUNS):
        if page is not None:
            page.close()
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.on("console", lambda message: sys.exit(f"console: {message.text}"))
        page.on("pageerror", lambda error: sys.exit(f"error: {error}"))
        page.on("request", lambda request: request.url == address or sys.exit(f"request: {request.url}"))
        page.goto(address)
        paints.append(page.evaluate(FIRST_PAINT))
        ready.append(page.evaluate(READY))
    times = {"paint": statistics.median(paints), "ready": statistics.median(ready)}
    act = timer(page)
    opening = [(act("open", round_), act("fold", round_)) for round_ in range(RUNS)]
    times["open"], times["fold"] = map(statistics.median, zip(*opening, strict=True))
    act("open", 0)
    for name in OPENED:
        times[name] = statistics.median([act(name, round_) for round_ in range(RUNS)])
    page.close()
    return times


def timer(page: Any) -> Callable[[str, int], float]:
    """Return what does something on the page and returns the milliseconds until the next frame is done."""

    def act(name: str, round_: int) -> float:
        code = f"const begun = performance.now(); {ACTIONS[name]} {FRAME} return performance.now() - begun;"
        head = "const section = document.querySelector('section.network');"
        elapsed: float = page.evaluate(f"async (round) => {{ {head} {FRAME} {code} }}", round_)
        return elapsed

    return act


if __name__ == "__main__":
    main()

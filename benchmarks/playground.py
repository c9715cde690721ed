"""The playground in headless Chromium: how soon it answers, redraws, and how fast it trains beside ConvNetJS.

    npm install pyodide@314.0.7 convnetjs@0.3.0 @tensorflow/tfjs-core@4.22.0
    npm install @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
    python benchmarks/playground.py node_modules

Times are those of the browser's clock. Training is the ConvNetJS network for CIFAR-10 on random images, Adadelta, in
the same browser, in turn with ConvNetJS itself.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from cnncalc import __version__
from cnncalc.playground.answers import answer
from cnncalc.playground.libraries import LIBRARIES
from cnncalc.playground.server import PlaygroundServer
from cnncalc.playground.site import site, write_site
from tests.page.playground.conftest import ready

CONVNETJS = """([batch, images]) => {
  const relu = { sx: 5, stride: 1, pad: 2, activation: "relu", type: "conv" };
  const pool = { type: "pool", sx: 2, stride: 2 };
  const net = new convnetjs.Net();
  net.makeLayers([{ type: "input", out_sx: 32, out_sy: 32, out_depth: 3 }, { ...relu, filters: 16 }, pool,
    { ...relu, filters: 20 }, pool, { ...relu, filters: 20 }, pool, { type: "softmax", num_classes: 10 }]);
  const trainer = new convnetjs.SGDTrainer(net, { method: "adadelta", batch_size: batch, l2_decay: 0.0001 });
  const all = Array.from({ length: 64 }, () => {
    const volume = new convnetjs.Vol(32, 32, 3, 0);
    volume.w = volume.w.map(() => Math.random() - 0.5);
    return volume;
  });
  for (let at = 0; at < 32; at += 1) trainer.train(all[at], at % 10);
  const start = performance.now();
  for (let at = 0; at < images; at += 1) trainer.train(all[at % 64], at % 10);
  return (1000 * images) / (performance.now() - start);
}"""

OURS = """async ([plan, pixels, labels, steps, batch]) => {
  const worker = new Worker("trainer.js");
  const heard = (message, value) => new Promise((done, failed) => {
    const listen = ({ data }) => {
      if (data.failed) failed(new Error(data.failed));
      if (data.done !== value) return;
      worker.removeEventListener("message", listen);
      done();
    };
    worker.addEventListener("message", listen);
    worker.postMessage(message);
  });
  const places = Object.entries(playground.libraries.tensorflow);
  const files = Object.fromEntries(places.map(([name, place]) => [name, new URL(place, location).href]));
  await heard({ load: files }, "load");
  const part = { pixels: Uint8Array.from(pixels), labels: Int32Array.from(labels) };
  await heard({ begin: { plan, data: { train: part, test: part } } }, "begin");
  await heard({ steps: 3 }, "steps");
  const start = performance.now();
  await heard({ steps }, "steps");
  const rate = (1000 * steps * batch) / (performance.now() - start);
  worker.terminate();
  return rate;
}"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", type=Path, help="the folder node_modules")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    folders = {"pyodide": asked.modules / "pyodide", "tensorflow": asked.modules / "@tensorflow"}
    made = site(__version__, {library.folder: library.read(str(folders[library.folder])) for library in LIBRARIES})
    packed = {name: len(gzip.compress(data, 9)) for name, data in made.items()}
    later = ("tensorflow/", "digits.bin")
    training = sum(size for name, size in packed.items() if name.startswith(later) and "-backend-wasm.wasm" not in name)
    first = sum(size for name, size in packed.items() if not name.startswith(later))
    print(f"compressed (gzip -9): {first / 1e6:.2f} MB until the first answer, {training / 1e6:.2f} MB more to train")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        write_site(folder, made)
        shutil.copy(asked.modules / "convnetjs" / "build" / "convnet-min.js", folder)
        server = PlaygroundServer(folder, 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for number in range(asked.rounds):
            _page(browser, server.address, number)
        for batch, steps in ((64, 20), (4, 100)):
            _training(browser, server.address, batch, steps, asked.rounds)
        browser.close()


def _page(browser: Any, address: str, number: int) -> None:
    """Print how long the page takes, of a browser that has never seen it and of one that has."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    for visit in ("first visit", "second visit"):
        page.goto(address)
        page.wait_for_selector("#totals")
        ready(page)
        page.wait_for_function("() => performance.getEntriesByName('redraw').length > 0")
        entry = "performance.getEntriesByName('redraw')[0]"
        answered = page.evaluate(f"{entry}.startTime + {entry}.duration")
        print(f"round {number + 1}, {visit}: first answer of Python after {answered / 1000:.2f} s")
    page.select_option("#examples", "resnet152")
    page.wait_for_selector("#totals:has-text('(60,192,808)')")
    page.wait_for_timeout(1500)
    page.evaluate("performance.clearMeasures()")
    for _ in range(10):
        page.focus("#text")
        page.keyboard.press("End")
        page.keyboard.type(" ")
        page.wait_for_timeout(700)
    times = sorted(page.evaluate("performance.getEntriesByName('redraw').map((one) => one.duration)"))
    middle = statistics.median(times)
    print(f"round {number + 1}, ResNet-152: edit to redraw {middle:.0f} ms (median), {times[-1]:.0f} ms (most)")
    context.close()


def _training(browser: Any, address: str, batch: int, steps: int, rounds: int) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    ready(page)
    page.add_script_tag(url="convnet-min.js")
    changes = {"batch": batch, "epochs": 1000, "shift": 0, "flip": "none"}
    count = max(64, 4 * batch)
    question = {
        "ask": "training",
        "text": "convnetjs_cifar10",
        "recipe": "lecture",
        "changes": changes,
        "images": count,
    }
    plan = json.loads(answer(json.dumps(question)))
    pixels = np.random.default_rng(0).integers(0, 256, count * 3072).tolist()
    labels = (np.arange(count) % 10).tolist()
    ratios = []
    for _ in range(rounds):
        theirs = page.evaluate(CONVNETJS, [batch, 200])
        ours = page.evaluate(OURS, [plan, pixels, labels, steps, batch])
        ratios.append(ours / theirs)
        print(f"batch {batch}: {ours:.0f} images/s in the page, {theirs:.0f} by ConvNetJS: {ours / theirs:.1f} times")
    print(f"batch {batch}: median {statistics.median(ratios):.1f} times")
    context.close()


if __name__ == "__main__":
    main()

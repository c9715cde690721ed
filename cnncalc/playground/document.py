"""The page of the playground as it is before any script has run: with a first network, counted when it was written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from cnncalc import zoo
from cnncalc.analysis import count
from cnncalc.core.cleaning import html_text
from cnncalc.layers import words
from cnncalc.loading import load
from cnncalc.page.page import changing_part, detail_part, shown, totals
from cnncalc.playground.answers import title
from cnncalc.playground.libraries import LIBRARIES
from cnncalc.playground.quiz import panel as quiz_panel
from cnncalc.spec.steps import MERGES, STATEMENTS
from cnncalc.zoo.catalogue import catalogue

FIRST = """# LeNet-5, as the lectures draw it
input 32x32x1
conv 5x5x6 - relu - maxpool 2x2 s2    => 14x14x6
conv 5x5x16 - relu - maxpool 2x2 s2   => 5x5x16
flatten
fc 120 - relu - fc 84 - relu - fc 10
"""
"""The network that the page begins with."""

EXAMPLES = {
    "A convolution": "input 32x32x3\nconv 5x5x10 s1 p2   # W = 32, F = 5, P = 2, S = 1\n",
    "A filter on a 5x5 image": (
        "# The filter of the lecture on its 5x5 image: the first value is 4\ninput 5x5x1\n"
        "conv 3x3x1 kernel=[1 0 1; 0 1 0; 1 0 1] bias=0\nrelu\nmaxpool 2x2 s1\n"
    ),
    "A network for the digits": (
        "# A network for the digits\ninput 8x8x1\nconv 3x3x16 p1 - bn - relu\n"
        "conv 3x3x32 p1 - bn - relu - maxpool 2x2 s2\nfc 64 - relu - fc 10\n"
    ),
    "A stride that does not fit": "input 7x7x3\nconv 3x3x1 s3   # (7 − 3)/3 + 1 = 2 1/3\n",
    "LeNet-5": FIRST,
    "A residual block": "input 56x56x64\nadd(conv 3x3x64 p1 - bn - relu - conv 3x3x64 p1 - bn | )\nrelu\n",
}
"""Small texts to begin with, by what they are called in the page."""

SCRIPTS = (
    "report.js",
    "editor.js",
    "calculator.js",
    "values.js",
    "images.js",
    "training.js",
    "quiz.js",
    "playground.js",
)
"""What the page runs, in this order, as one file."""

PANELS = ("network", "values", "training", "quiz")

VALUES = (
    '<div role="tabpanel" id="panel-values" aria-labelledby="tab-values" hidden>\n'
    '<h2 class="skip">Values</h2>\n'
    "<p>The page computes the values of every layer of a small network, exactly where that can be. A number that is "
    "selected shows its sum, and the numbers that it reads are marked.</p>\n"
    '<div class="tools"><label>Seed <input type="number" id="values-seed" min="0" value="0"></label>'
    '<button type="button" id="values-fresh">Numbers from the seed</button>'
    '<button type="button" id="values-image">An image …</button>'
    '<input type="file" id="values-file" accept="image/*" hidden aria-label="An image"></div>\n'
    '<label for="values-input">Input</label>\n'
    '<textarea id="values-input" rows="6" wrap="off" spellcheck="false" aria-describedby="values-status"></textarea>\n'
    '<p id="values-status" role="status"></p>\n<div id="values-sum" aria-live="polite"></div>\n'
    '<div id="values-layers"></div>\n</div>\n'
)
"""The panel with the values of a small network."""

RECIPES = ("default", "lecture")
"""The recipes that ship whose optimizers the page has."""


def start_page(version: str, own: Collection[str]) -> Iterator[str]:
    """Yield the page.

    Args:
        version: of cnncalc.
        own: the folders of the libraries that are part of the site; the others come from a CDN.

    """
    first = shown(title(FIRST), count(load(FIRST)))
    yield _head(own)
    yield (
        '<a class="skip" href="#text">Skip to the editor</a>\n<header class="bar">\n<h1>cnncalc</h1>\n'
        '<label class="examples">Begin with <select id="examples"><option value="">an example …</option>\n'
    )
    yield from _examples()
    yield (
        '</select></label>\n<button type="button" id="share">Copy a link</button>\n'
        '<button type="button" id="save">Save the text</button>\n'
        '<p id="status" role="status">Python is starting …</p>\n</header>\n'
        '<main class="play">\n<section class="write" aria-label="Editor">\n'
        '<div class="editor"><pre id="colours" aria-hidden="true"></pre>\n'
        '<textarea id="text" spellcheck="false" autocapitalize="off" autocomplete="off" autocorrect="off" wrap="off" '
        f'aria-label="Text of the network" aria-describedby="faults">{_lines(FIRST)}</textarea></div>\n'
        f'<div id="faults" aria-live="polite"></div>\n<h2>Arithmetic</h2>\n{detail_part("the network")}\n</section>\n'
    )
    yield (
        f'<div class="see">\n{_tabs()}<div role="tabpanel" id="panel-network" aria-labelledby="tab-network">\n'
        '<p class="before">The network below is that of the last text without a fault.</p>\n'
    )
    yield f'<p class="answer" id="totals">{totals(first)}</p>\n<div id="result">'
    yield from changing_part(first, whole=True)
    yield '</div>\n<section id="layer" aria-label="Pictures of the chosen layer"></section>\n</div>\n'
    yield f"{VALUES}{_training()}{quiz_panel()}</div>\n</main>\n"
    yield _foot(version)


def _lines(text: str) -> str:
    return "\n".join(map(html_text, text.split("\n")))


def _head(own: Collection[str]) -> str:
    places = {library.folder: library.places(own=library.folder in own) for library in LIBRARIES}
    remote = [place for named in places.values() for place in named.values() if place.startswith("https:")]
    origin = " ".join(["'self'", *sorted({urlsplit(place).netloc for place in remote})])
    data = html_text(json.dumps(places))
    policy = (
        f"default-src 'none'; script-src 'wasm-unsafe-eval' {origin}; worker-src 'self'; connect-src {origin}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n<title>cnncalc</title>\n'
        f'<link rel="stylesheet" href="playground.css">\n</head>\n<body data-libraries="{data}">\n'
    )


def _examples() -> Iterator[str]:
    yield '<optgroup label="Small">\n'
    for name, text in EXAMPLES.items():
        yield f'<option data-text="{_lines(text)}">{html_text(name)}</option>\n'
    yield "</optgroup>\n"
    known = catalogue()
    tasks: dict[str, list[str]] = {}
    for name in zoo.names():
        tasks.setdefault(known[name].task if name in known else "other", []).append(name)
    for task, names in tasks.items():
        yield f'<optgroup label="{html_text(task.capitalize())}">\n'
        for name in names:
            source = zoo.spec(name)
            title = zoo.entry(source).title if source else name
            yield f'<option value="{name}">{html_text(title)}</option>\n'
        yield "</optgroup>\n"


def _tabs() -> str:
    """Return the buttons that choose between the panels."""
    other = 'aria-selected="false" tabindex="-1"'
    buttons = "".join(
        f'<button type="button" role="tab" id="tab-{name}" aria-controls="panel-{name}" {state}>{name.capitalize()}'
        "</button>"
        for name, state in zip(PANELS, ('aria-selected="true"', *[other] * (len(PANELS) - 1)), strict=True)
    )
    return f'<div role="tablist" aria-label="What is shown">{buttons}</div>\n'


def _training() -> str:
    """Return the panel in which the network is trained."""
    fields = (
        ("epochs", "Epochs", 'type="number" min="1" max="1000" value="10"'),
        ("batch", "Batch", 'type="number" min="1" max="4096" value="32"'),
        ("rate", "Learning rate", 'type="text" inputmode="decimal" placeholder="of the recipe"'),
        ("seed", "Seed", 'type="number" min="0" value="0"'),
    )
    inputs = "".join(f'<label>{label} <input id="train-{name}" {how}></label>\n' for name, label, how in fields)
    options = "".join(f"<option>{name}</option>" for name in RECIPES)
    return (
        '<div role="tabpanel" id="panel-training" aria-labelledby="tab-training" hidden>\n'
        '<h2 class="skip">Training</h2>\n'
        "<p>The page trains the network of the text, with the recipes of <code>cnncalc train</code>.</p>\n"
        '<form id="train-form" class="tools">\n'
        '<label>Images <select id="train-data"><option value="digits">digits, 8x8x1</option>'
        '<option value="files">files …</option><option value="folder">a folder of images …</option></select></label>\n'
        '<input type="file" id="train-files" multiple hidden aria-label="Files of MNIST or CIFAR-10">\n'
        '<input type="file" id="train-folder" webkitdirectory hidden aria-label="A folder of images">\n'
        f'<label>Recipe <select id="train-recipe">{options}</select></label>\n{inputs}'
        '<button type="submit" id="train-begin">Begin</button>\n</form>\n'
        '<div class="tools"><button type="button" id="train-go" disabled>Go on</button>'
        '<button type="button" id="train-step" disabled>One step</button>'
        '<label>Rate × <input id="train-factor" type="range" min="-3" max="1" step="0.1" value="0"> '
        '<output id="train-factored">1</output></label>'
        '<button type="button" id="train-save" disabled>Save the weights</button></div>\n'
        '<p id="train-status" role="status"></p>\n<div id="train-curves"></div>\n<div id="train-views"></div>\n</div>\n'
    )


def _foot(version: str) -> str:
    data = {"layers": sorted(words()), "merges": sorted(MERGES), "statements": sorted(STATEMENTS)}
    text = json.dumps(data).replace("<", "\\u003c")
    return (
        f"<footer>cnncalc {version} runs in this page, and the text stays in the browser. "
        "MACs are multiplications for one image.</footer>"
        f'\n<script type="application/json" id="words">{text}</script>\n'
        '<script src="page.js"></script>\n</body>\n</html>\n'
    )

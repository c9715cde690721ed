"""The page of the playground as it is before any script has run: with a first network, counted when it was written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnncalc import zoo
from cnncalc.analysis import count
from cnncalc.core.cleaning import html_text
from cnncalc.layers import words
from cnncalc.loading import load
from cnncalc.page.page import changing_part, detail_part, shown, totals
from cnncalc.playground.answers import title
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
    "A stride that does not fit": "input 7x7x3\nconv 3x3x1 s3   # (7 − 3)/3 + 1 = 2 1/3\n",
    "LeNet-5": FIRST,
    "A residual block": "input 56x56x64\nadd(conv 3x3x64 p1 - bn - relu - conv 3x3x64 p1 - bn | )\nrelu\n",
}
"""Small texts to begin with, by what they are called in the page."""

SCRIPTS = ("report.js", "editor.js", "calculator.js", "playground.js")
"""What the page runs, in this order."""


def start_page(version: str, pyodide: str) -> Iterator[str]:
    """Yield the page.

    Args:
        version: of cnncalc.
        pyodide: where the page finds Pyodide: a URL, or a folder beside the page.

    """
    first = shown(title(FIRST), count(load(FIRST)))
    yield _head(pyodide)
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
    yield '<div class="see">\n<p class="before">The network below is that of the last text without a fault.</p>\n'
    yield f'<p class="answer" id="totals">{totals(first)}</p>\n<div id="result">'
    yield from changing_part(first, whole=True)
    yield '</div>\n<section id="layer" aria-label="Pictures of the chosen layer"></section>\n</div>\n</main>\n'
    yield _foot(version)


def _lines(text: str) -> str:
    return "\n".join(map(html_text, text.split("\n")))


def _head(pyodide: str) -> str:
    origin = "'self'" if pyodide.startswith("./") else f"'self' {pyodide}"
    policy = (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {origin}; worker-src 'self'; connect-src {origin}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n<title>cnncalc</title>\n'
        f'<link rel="stylesheet" href="playground.css">\n</head>\n<body data-pyodide="{html_text(pyodide)}">\n'
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


def _foot(version: str) -> str:
    data = {"layers": sorted(words()), "merges": sorted(MERGES), "statements": sorted(STATEMENTS)}
    text = json.dumps(data).replace("<", "\\u003c")
    scripts = "".join(f'<script src="{name}"></script>\n' for name in SCRIPTS)
    return (
        f"<footer>cnncalc {version} runs in this page, and the text stays in the browser. "
        "MACs are multiplications for one image.</footer>"
        f'\n<script type="application/json" id="words">{text}</script>\n{scripts}</body>\n</html>\n'
    )

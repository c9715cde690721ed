"""The page of a run: one file, or what is served while it trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import PurePath

from cnncalc.analysis import count
from cnncalc.charts.look import chart_sheet
from cnncalc.core.cleaning import html_text
from cnncalc.core.numbers import counted
from cnncalc.page.document import asset, opening, typed
from cnncalc.page.page import network_part, shown
from cnncalc.page.run.sections import epoch_heads, live_parts, seen_part
from cnncalc.page.run.view import RunView
from cnncalc.train.measures import named_by
from cnncalc.train.recipe.settings import Recipe, as_values, key_of, settings
from cnncalc.train.run.facts import RunFacts
from cnncalc.train.run.shown_paths import shown_path

LINKS = {
    "curves": "Learning curves",
    "gradients": "Gradients",
    "seen": "What it sees",
    "recipe": "Recipe",
    "network": "Network",
}


BELOW = 2
"""How many of them stand below the parts of `cnncalc inspect`."""


def run_page(view: RunView, version: str, *, live: bool = False) -> Iterator[str]:
    """Yield the page of a run, in pieces.

    Args:
        view: the run.
        version: which version made the page.
        live: whether the page is served while the run trains, and asks for what is new.

    """
    network, sheets = network_part(
        shown(_network_name(view), count(view.network, batch=view.recipe.batch // view.recipe.accumulate))
    )
    sheet = asset("report.css") + asset("look.css") + chart_sheet() + _own("run.css")
    scripts = [asset("report.js"), _own("run.js"), *([_own("live.js")] if live else [])]
    yield opening(view.name, sheet, sheets=sheets, scripts=scripts, connects=live)
    parts = live_parts(view)
    yield from _head(view, parts, live=live)
    yield from _run(view, parts)
    yield '<div class="apart" id="network-head"><h2>Network</h2></div>\n'
    yield from network
    yield f"<footer>Made by cnncalc {version}. MACs are multiplications for one image.</footer>\n</main>\n"
    yield from (f"<script>{script}</script>\n" for script in scripts)
    yield "</body>\n</html>\n"


def _own(name: str) -> str:
    return (files("cnncalc.page.run") / "assets" / name).read_text(encoding="utf-8")


def _network_name(view: RunView) -> str:
    name = PurePath(view.facts.spec_name).stem
    return name if name not in ("", "text", "standard input") and len(name) <= 60 else "A network"


def _learned(facts: RunFacts) -> str:
    return counted(len(facts.classes), named_by(facts.task))


def _head(view: RunView, parts: Mapping[str, str], *, live: bool) -> Iterator[str]:
    facts = view.facts
    yield '<a class="skip" href="#run">Skip to the run</a>\n<header class="charts">\n'
    yield f"<h1>{html_text(view.name)}</h1>\n"
    answer = f"{_network_name(view)} on {facts.data_name}: {facts.images:,} training images, {_learned(facts)}"
    yield f'<p class="answer">{html_text(answer)}</p>\n'
    if live:
        yield f'<p class="state" id="state">{parts["state"]}</p>\n'
    yield f'<dl class="totals" id="totals">{parts["totals"]}</dl>\n'
    yield '<nav aria-label="Parts"><ul>\n'
    links = [(f"{name}-head", title) for name, title in LINKS.items()]
    below = len(links) - BELOW
    for name, title in [*links[:below], *((part.name, part.title) for part in view.parts), *links[below:]]:
        yield f'<li><a href="#{name}">{html_text(title)}</a></li>\n'
    yield "</ul></nav>\n</header>\n"


def _run(view: RunView, parts: Mapping[str, str]) -> Iterator[str]:
    """Yield everything of the run above its network."""
    yield '<main id="run">\n<div class="run">\n'
    yield f'<h2 id="curves-head">Learning curves</h2>\n<div class="charts" id="curves">{parts["curves"]}</div>\n'
    heads = "".join(f'<th scope="col" class="number">{head}</th>' for head in epoch_heads(view))
    yield (
        '<details><summary>Every epoch in numbers</summary><div class="scrolled" tabindex="0" role="region" '
        'aria-label="Epochs"><table><caption class="skip">Epochs</caption>'
        f'<thead><tr>{heads}</tr></thead><tbody id="epochs">{parts["epochs"]}</tbody></table></div></details>\n'
    )
    yield '<h2 id="gradients-head">Gradients</h2>\n'
    yield f'<div class="charts wide" id="gradients">{parts["gradients"]}</div>\n'
    yield f'<h2 id="seen-head">What the network sees</h2>\n<div id="seen">{seen_part(view.seen)}</div>\n'
    if view.untested and not view.seen.reason:
        yield f'<h2>Test</h2>\n<p class="quietly">{html_text(view.untested)}</p>\n'
    yield from (part.html for part in view.parts)
    yield from _recipe(view)
    yield "</div>\n"


def _recipe(view: RunView) -> Iterator[str]:
    """Yield how the run was trained: what is not as usual first seen, and everything on request."""
    yield '<h2 id="recipe-head">Recipe</h2>\n'
    facts, recipe = view.facts, view.recipe
    usual, values = as_values(Recipe()), as_values(recipe)
    yield typed([shown_path(word) for word in facts.command])
    yield '<div class="recipe">\n'
    groups = dict.fromkeys(setting.group for setting in settings())
    for group in groups:
        yield f'<section aria-label="{html_text(group)}"><h3>{html_text(group)}</h3><dl>\n'
        for setting in settings():
            key = key_of(setting.name)
            if setting.group == group:
                look = "" if values[key] == usual[key] else ' class="own"'
                yield f'<div{look} title="{html_text(setting.meaning)}"><dt>{key}</dt>'
                yield f"<dd>{html_text(_written(values[key]))}</dd></div>\n"
        yield "</dl></section>\n"
    yield "</div>\n"
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    bold = "Settings in bold differ from the defaults, or were chosen where the default is auto."
    yield f'<p class="quietly">{bold} Made with {html_text(versions)}.</p>\n'


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"

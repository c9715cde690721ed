"""The page of ``cnncalc report``: networks to be looked at and touched, in one file that asks for nothing.

Whatever a spec brings goes in as escaped text or as data; a content security policy names the script and the style
sheets by their hashes, so that nothing else in the page runs or is loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.analysis import Counts
from cnncalc.analysis.memory import MemoryPrediction, TrainingSetup, predict_memory, saved_bytes
from cnncalc.core.cleaning import cell, html_text
from cnncalc.core.errors import CnncalcError
from cnncalc.core.numbers import bytes_text, counted, in_units
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from cnncalc.page.document import asset, opening
from cnncalc.page.facts import facts_of

ROLES = (
    *(("convolution",), ("linear",), ("pooling",), ("normalisation", "regularisation"), ("activation",)),
    *(("enlarging",), ("merge",), ("shape",), ("input",)),
)
"""Kinds of layers by their colours, in the order in which the legend of a network has those that are there."""

HEADS = ("#", "layer", "operation", "output", "parameters", "MACs", "activations", "field")
NUMBERS = ("#", "parameters", "MACs", "activations", "saved")
"""Heads of the table, and those above numbers."""


class Shown(NamedTuple):
    """A network as the page shows it.

    Attributes:
        name: what the page calls it.
        counts: what was counted of it.
        memory: of a training step; None where it is not known.
        saved: the bytes that each layer saves for the backward pass; None likewise.
        unknown: why the memory is not known; else "".

    """

    name: str
    counts: Counts
    memory: MemoryPrediction | None
    saved: Sequence[int] | None
    unknown: str


def shown(name: str, counts: Counts) -> Shown:
    """Return a network with the memory of a training step, or with the reason why that is not known."""
    setup = TrainingSetup(batch=counts.batch)
    try:
        return Shown(name, counts, predict_memory(counts.network, setup), saved_bytes(counts.network, setup), "")
    except CnncalcError as error:
        return Shown(name, counts, None, None, error.message)


def report_page(networks: Sequence[Shown], version: str) -> Iterator[str]:
    """Yield the page of one or more networks, in pieces; it says which version made it."""
    script, sheet = asset("report.js"), asset("report.css")
    pictures = [_picture(network, number) for number, network in enumerate(networks, 1)]
    names = ", ".join(network.name for network in networks)
    yield opening(names, sheet, sheets=_sheets(pictures), scripts=[script])
    yield '<a class="skip" href="#networks">Skip to the networks</a>\n'
    yield from _head(networks)
    yield '<main id="networks">\n'
    for number, (network, picture) in enumerate(zip(networks, pictures, strict=True), 1):
        yield from _network(network, picture, number, len(networks) > 1)
    yield f"<footer>Made by cnncalc {version}. MACs are multiplications for one image.</footer>\n</main>\n"
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def network_part(network: Shown) -> tuple[list[str], list[str]]:
    """Return what a page of more than a network shows of it, in pieces, and the style sheets that stand in these."""
    picture = _picture(network, 1)
    return list(_network(network, picture, 1, several=False)), _sheets([picture])


def changing_part(network: Shown, *, whole: bool) -> Iterator[str]:
    """Yield a network whose text stands elsewhere in the page and changes, as in an editor, and so does `detail_part`.

    Args:
        network: which one.
        whole: with the arithmetic and the memory of its layers, which take as long again as all the rest.

    """
    yield from _network(network, _picture(network, 1), 1, several=False, text=False, whole=whole)


def _sheets(pictures: Sequence[str]) -> list[str]:
    return [found for picture in pictures for found in re.findall(r"<style>(.*?)</style>", picture, re.DOTALL)]


# ---- the head


def _head(networks: Sequence[Shown]) -> Iterator[str]:
    first = networks[0]
    if len(networks) == 1:
        yield f'<header>\n<h1>{html_text(first.name)}</h1>\n<p class="answer">{totals(first)}</p>\n</header>\n'
        return
    yield '<header>\n<h1>Comparison</h1>\n<nav aria-label="Networks"><ul>\n'
    for number, network in enumerate(networks, 1):
        yield f'<li><a href="#network{number}">{html_text(network.name)}</a></li>\n'
    yield "</ul></nav>\n"
    yield from _comparison(networks)
    yield "</header>\n"


def totals(network: Shown) -> str:
    """Return the totals in a sentence."""
    counts, memory = network.counts, network.memory
    net = counts.network
    parts = [
        f"{net.inputs_text} → {net.outputs_text}",
        f"{in_units(net.params)} parameters ({net.params:,})",
        f"{in_units(net.macs)} MACs",
        counted(net.size, "layer"),
        f"activations {bytes_text(counts.activation_bytes)}",
    ]
    if memory is not None:
        images = counted(counts.batch, "image")
        parts.append(f"training step of {images} {bytes_text(memory.peak_bytes)} (SGD, float32, CUDA)")
    return html_text(" · ".join(parts))


def _comparison(networks: Sequence[Shown]) -> Iterator[str]:
    """Yield the table that ``cnncalc compare`` prints."""
    from cnncalc.report.compare import compare_report  # a page of one network has no table of several

    table = compare_report([cell(one.name) for one in networks], [one.counts for one in networks]).table
    titles, body, _ = table.shown(html_text)
    heads = "".join(f'<th scope="col"{_aligned(one.right)}>{text}</th>' for one, text in _pairs(table, titles)[1:])
    yield '<div class="wide" tabindex="0" role="region" aria-label="Totals of the networks">\n'
    yield '<table>\n<caption class="skip">Totals of the networks, with ratios to the first</caption>\n'
    yield f'<thead><tr><th scope="col">total</th>{heads}</tr></thead>\n<tbody>\n'
    for cells in body:
        rest = "".join(f"<td{_aligned(column.right)}>{text}</td>" for column, text in _pairs(table, cells)[1:])
        yield f'<tr><th scope="row">{cells[0]}</th>{rest}</tr>\n'
    yield "</tbody>\n</table>\n</div>\n"


def _pairs(table: Any, texts: Sequence[str]) -> list[tuple[Any, str]]:
    return list(zip(table.columns, texts, strict=True))


def _aligned(right: bool) -> str:
    return ' class="number"' if right else ""


# ---- a network


def _picture(network: Shown, number: int) -> str:
    """Return the picture as a part of the page: boxes that can be chosen, and names of its own."""
    picture = picture_of(network.counts.network, "graph", DrawingOptions(name=network.name))
    return svg(picture, prefix=f"n{number}-").replace('role="img"', 'role="group"', 1)


def _network(
    network: Shown, picture: str, number: int, several: bool, *, text: bool = True, whole: bool = True
) -> Iterator[str]:
    name = html_text(network.name)
    yield f'<section class="network" id="network{number}" aria-label="{name}">\n'
    if several:
        yield f'<h2 class="name">{name}</h2>\n<p class="answer">{totals(network)}</p>\n'
    yield f'<h2>Picture</h2>\n<div class="picture" tabindex="0" role="region" aria-label="Picture of {name}">'
    yield f"{picture}</div>\n"
    yield from _table(network, detail=text)
    there = {node.layer.role for node in network.counts.network}
    yield from _strips([kinds for alike in ROLES if (kinds := [role for role in alike if role in there])])
    yield from _memory(network)
    if text:
        yield f'<h2>Spec</h2>\n<div class="spec" tabindex="0" role="region" aria-label="Spec of {name}"></div>\n'
    facts = facts_of(network.counts, network.saved, network.memory, steps=whole)
    facts["saved"] = network.saved is not None
    data = json.dumps(facts, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    yield f'<script type="application/json">{data}</script>\n</section>\n'


def _table(network: Shown, *, detail: bool) -> Iterator[str]:
    name = html_text(network.name)
    names = [*HEADS, "saved"] if network.saved is not None else HEADS
    heads = "".join(
        f'<th scope="col" aria-sort="none" data-head="{head}"{_aligned(head in NUMBERS)}>'
        f'<button type="button">{head}</button></th>'
        for head in names
    )
    yield (
        '<h2>Layers</h2>\n<div class="tools"><label>Filter <input type="search" placeholder="conv 3x3 …"></label>'
        '<button type="button" class="foldall">Fold all blocks</button>'
        '<button type="button" class="unfold">Unfold all</button>'
        '<span class="shown quietly" role="status"></span></div>\n'
        f'<div class="work"><div class="table" tabindex="0" role="region" aria-label="Layers of {name}">'
        f'<table><caption class="skip">Layers</caption><thead><tr>{heads}</tr></thead><tbody></tbody></table></div>\n'
    )
    if detail:
        yield detail_part(name)
    yield ("</div>\n<noscript><p>The table is made by the script of this page, which is turned off.</p></noscript>\n")


def detail_part(name: str) -> str:
    """Return the place for the arithmetic of the chosen layer of a network, whose name is escaped already."""
    return (
        f'<aside class="detail" aria-label="Arithmetic of a layer of {name}" aria-live="polite" tabindex="0"></aside>'
    )


def _strips(roles: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "<h2>Where the cost is</h2>\n"
    legend = "".join(f'<li><i class="kind-{alike[0]}"></i>{" and ".join(alike)}</li>' for alike in roles)
    yield f'<ul class="legend">{legend}</ul>\n'
    for name in ("Parameters", "MACs", "Activations"):
        yield f'<p class="quietly">{name}</p>\n<div class="strip" role="img" aria-label="{name} by layer"></div>\n'


def _memory(network: Shown) -> Iterator[str]:
    memory = network.memory
    yield '<div class="memory"><h2>Memory of a training step</h2>\n'
    if memory is None:
        yield f'<p class="quietly">It is not known: {html_text(network.unknown)}</p></div>\n'
        return
    where = f" of {cell(memory.layer)}" if memory.layer else ""
    when = "optimizer's step" if memory.phase == "step" else f"{memory.phase} pass"
    parts = ", ".join(f"{kind.replace('_', ' ')} {bytes_text(size)}" for kind, size in memory.parts.items() if size)
    sentence = f"Peak {bytes_text(memory.peak_bytes)} in the {when}{where}: {parts}."
    yield f'<p>{html_text(sentence)}</p>\n<div class="timeline" data-label="{html_text(sentence)}"></div>\n'
    yield (
        '<p class="quietly">From left to right: the forward pass, the loss, the backward pass, the optimizer. '
        "A click chooses the layer.</p></div>\n"
    )

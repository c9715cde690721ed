"""The parts of a run's page that change while it trains: totals, curves, gradients, and what the network sees.

Each part has an id, under which a page that is watched replaces it. Whatever a stranger has named goes in as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.analysis.gradient_flow import gradient_flow
from cnncalc.charts.lines import Chart, chart_figure
from cnncalc.core.cleaning import html_text
from cnncalc.core.numbers import duration_text
from cnncalc.page.run.png import png_uri
from cnncalc.page.run.view import Guessed, RunView, Seen, SeenLayer, SeenPicture
from cnncalc.report.gradients import METHOD
from cnncalc.train.measures import ACCURACY, TOP5, Measure, measure_of
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.curves import gradient_chart, learning_curves
from cnncalc.train.show.lines import percent

NO_GRADIENTS = "This run has no gradient norms: it was made before they were recorded, or has no complete epoch yet."
_SWATCH = 'aria-hidden="true" width="10" height="10"><rect width="10" height="10"'
NO_EPOCH = "No epoch is complete yet."


def live_parts(view: RunView) -> dict[str, str]:
    """Return the parts by their ids."""
    return {
        "state": state_line(view),
        "totals": totals(view),
        "curves": curves(view),
        "epochs": "".join(epoch_rows(view)),
        "gradients": gradients(view),
    }


def seen_part(found: Seen) -> str:
    """Return what the network sees, the part that takes longest to make and changes more seldom than the others."""
    return "".join(_seen(found))


# ---- totals


def state_line(view: RunView) -> str:
    """Return the sentence that says where a run stands that is watched."""
    return html_text(view.state)


def totals(view: RunView) -> str:
    """Return the numbers that say how the run went."""
    rows, best = view.rows, view.best
    last = rows[-1] if rows else None
    tiles = [("epochs", f"{len(rows):,} of {view.recipe.epochs:,}", _when_last(last))]
    if best is not None:
        score = best.measure.short_text(best.score)
        tiles.append((f"best {best.measure.words}", score, f"{view.tested}, epoch {best.epoch:,}"))
    if last is not None:
        accuracy = f", accuracy {ACCURACY.short_text(last.train_accuracy)}" if last.train_accuracy is not None else ""
        tiles.append(("training loss", f"{last.train_loss:.4g}", f"epoch {last.epoch:,}{accuracy}"))
        tiles.append(("speed", f"{last.images_per_second:,.0f}", "images per second"))
    tiles.append(("parameters", f"{view.network.params:,}", f"{view.network.inputs_text} → {view.network.output}"))
    return "".join(
        f"<div><dt>{html_text(word)}</dt><dd><b>{html_text(number)}</b><span>{html_text(more)}</span></dd></div>"
        for word, number, more in tiles
    )


def _when_last(last: EpochMetrics | None) -> str:
    return f"{last.step:,} steps in {duration_text(last.seconds)}" if last else "none is complete yet"


# ---- curves


def curves(view: RunView) -> str:
    """Return the learning curves, or why there are none."""
    return _figures(learning_curves(view.rows, view.tested, view.steps)) or f'<p class="quietly">{NO_EPOCH}</p>'


def _figures(charts: Sequence[Chart]) -> str:
    return "".join(map(chart_figure, charts))


def epoch_heads(view: RunView) -> list[str]:
    """Return the heads of the table of epochs."""
    trained = ["accuracy"] if _counts_right(view) else []
    heads = ["epoch", "learning rate", "training loss", *trained, "tested loss"]
    return [*heads, *(_head(measure) for measure in _measures(view)), "images/s", "time"]


def _measures(view: RunView) -> list[Measure]:
    return [measure_of(name) for name in view.rows[0].metrics] if view.rows else [ACCURACY, TOP5]


def _counts_right(view: RunView) -> bool:
    return ACCURACY in _measures(view)


def _head(measure: Measure) -> str:
    return measure.words if measure == ACCURACY else measure.title


def epoch_rows(view: RunView) -> Iterator[str]:
    """Yield the rows of the table of epochs."""
    for row in view.rows:
        cells = [
            f"{row.epoch:,}",
            f"{row.learning_rate:.4g}",
            f"{row.train_loss:.4f}",
            *([percent(row.train_accuracy)] if _counts_right(view) else []),
            "" if row.loss is None else f"{row.loss:.4f}",
            *(_value(measure, row) for measure in _measures(view)),
            f"{row.images_per_second:,.0f}",
            duration_text(row.seconds),
        ]
        yield "<tr>" + "".join(f'<td class="number">{text}</td>' for text in cells) + "</tr>"


def _value(measure: Measure, row: EpochMetrics) -> str:
    return measure.text(row.metrics.get(measure.name))


def gradients(view: RunView) -> str:
    """Return the chart of gradient norms with a sentence, or say that there are none."""
    if not view.gradients:
        return f'<p class="quietly">{NO_GRADIENTS}</p>'
    flow = gradient_flow([row.norms for row in view.gradients])
    sentence = f"<p>{html_text(flow.sentence())}</p>" if flow else ""
    first = view.gradients[0].epoch
    since = f" They were recorded from epoch {first:,} on." if first > 1 else ""
    chart = _figures([gradient_chart({row.epoch: row.norms for row in view.gradients})])
    return f'{sentence}{chart}<p class="quietly">{METHOD}.{since}</p>'


# ---- what the network sees


def _seen(found: Seen) -> Iterator[str]:
    """Yield filters, images with what they are taken for, and activation maps; or why there are none."""
    if found.reason:
        yield f'<p class="quietly">{html_text(found.reason)}</p>'
        return
    if found.when:
        yield f'<p class="quietly">{html_text(found.when)}</p>'
    if found.filters is not None:
        yield f"<h3>Filters of {html_text(found.filters_of)}</h3>"
        yield f'<div class="pixels">{_image(found.filters, f"filters of {found.filters_of}")}</div>'
    if found.images:
        right = f": {sum(image.right for image in found.images)} of {len(found.images)} recognised"
        yield f"<h3>Images{right if found.images[0].judged else ' and what is predicted'}</h3>"
        yield f'<ul class="guesses">{"".join(map(_guessed, found.images))}</ul>'
    if found.layers:
        yield "<h3>Activation maps, layer by layer</h3>"
        yield f'<div class="maps">{"".join(map(_photo, found.images[: len(found.layers[0].pictures)]))}</div>'
        yield from map(_layer, found.layers)


def _guessed(image: Guessed) -> str:
    if image.masks:
        return _segmented(image)
    picture = _image(image.picture, image.label) if image.picture else ""
    mark = "✓" if image.right else "✗"
    bars = "".join(_guess(name, share, right=name in image.holding) for name, share in image.guesses)
    if not image.judged:
        return f"<li>{picture}<div><p>{html_text(image.label)}</p>{bars}</div></li>"
    how = "right" if image.right else "wrong"
    return (
        f'<li class="{how}">{picture}<div><p><span aria-hidden="true">{mark}</span> {html_text(image.label)}'
        f'<span class="skip">, {how}</span></p>{bars}</div></li>'
    )


def _segmented(image: Guessed) -> str:
    """Return an image beside its mask and the predicted one, with the shares of what is predicted."""
    pictures = [("image", image.picture), *image.masks]
    shown = "".join(
        f"<figure>{_image(picture, word)}<figcaption>{html_text(word)}</figcaption></figure>"
        for word, picture in pictures
        if picture
    )
    guesses = zip(image.guesses, image.colours, strict=True)
    bars = "".join(_guess(name, share, right=name in image.holding, colour=colour) for (name, share), colour in guesses)
    return f'<li class="masked"><div class="masks">{shown}</div><div><p>{html_text(image.label)}</p>{bars}</div></li>'


def _guess(name: str, share: float, *, right: bool, colour: str = "") -> str:
    """Return a class with its probability and a bar behind it, and its colour in a mask before it."""
    look = "own" if right else "other"
    key = f'<svg class="swatch" {_SWATCH} fill="{colour}"/></svg> ' if colour else ""
    return (
        f'<p class="guess"><svg aria-hidden="true" width="100%" height="100%"><rect class="{look}" height="100%" '
        f'width="{100 * share:.1f}%"/></svg><span>{key}{html_text(name)}</span><span>{100 * share:.0f}%</span></p>'
    )


def _photo(image: Guessed) -> str:
    return (
        f'<div class="pixels">{_image(image.picture, image.label) if image.picture else html_text(image.label)}</div>'
    )


def _layer(layer: SeenLayer) -> str:
    name, written = html_text(layer.name), html_text(layer.written)
    some = f", the first {layer.shown} of {layer.channels} channels" if layer.shown < layer.channels else ""
    pictures = "".join(
        _image(picture, f"maps of {layer.name} for image {number}") for number, picture in enumerate(layer.pictures, 1)
    )
    head = f'<h4>{name} <span class="quietly">{written} → {layer.output}{some}</span></h4>'
    return f'{head}<div class="maps pixels">{pictures}</div>'


def _image(picture: SeenPicture, text: str) -> str:
    wide, high = picture.width * picture.factor, picture.height * picture.factor
    source = png_uri(picture.pixels, picture.width, picture.height)
    return f'<img src="{source}" width="{wide}" height="{high}" alt="{html_text(text)}">'

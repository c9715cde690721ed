"""What the page of the playground asks the calculator, which runs beside it in the browser: JSON in, JSON out.

Nothing here knows of a browser, so that the same answers are tested without one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from cnncalc import zoo
from cnncalc.analysis import count
from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.source import Source
from cnncalc.core.words import shorten
from cnncalc.draw.styles import DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from cnncalc.loading import load
from cnncalc.network import Network, SpecSettings
from cnncalc.page.page import Shown, changing_part, shown, totals

Request = Mapping[str, Any]
Reply = dict[str, Any]

NOT_YET = "it is being computed"

_INPUT_IN_FRONT = re.compile(r"\s*input\s+([0-9x×]+)[ \t]*\n(.*)", re.DOTALL)


def answer(asked: str) -> str:
    """Answer a question of the page; both are JSON.

    A question has ``ask``, one of `QUESTIONS`, and what that takes. An answer has ``error`` in place of the rest where
    the text of the network has a fault, and ``further`` where it has several.
    """
    request = json.loads(asked)
    try:
        reply = QUESTIONS[request["ask"]](request)
    except CnncalcError as error:
        reply = {"error": _fault(error, request.get("text", ""))}
    return json.dumps(reply, separators=(",", ":"), ensure_ascii=False)


def _network(request: Request) -> Reply:
    """Return the part of the page that shows a network; with ``whole``, with arithmetic and memory too."""
    text = request["text"]
    try:
        network = _load(text)
    except SpecError as error:
        return {"error": _fault(error, text), "further": _further(error, text)}
    counts = count(network)
    whole = bool(request.get("whole"))
    name = title(network.source.text)
    seen = shown(name, counts) if whole else Shown(name, counts, None, None, NOT_YET)
    own = [note for note in network.notes if not note.source]
    notes: list[dict[str, Any]] = [{"message": note.message, **_place(note.span.start, note.span.end)} for note in own]
    if network.source.text.rstrip("\n") != text.rstrip("\n"):
        notes.append({"message": _read_as(network), "spec": _spec_of(network)})
    return {"html": "".join(changing_part(seen, whole=whole)), "totals": totals(seen), "notes": notes}


def _layer(request: Request) -> Reply:
    """Return the pictures of a layer: its window on the input, and its receptive field. What has none is left out."""
    network = _load(request["text"])
    pictures = {}
    for style in ("window", "field"):
        try:
            picture = picture_of(
                network, style, DrawingOptions(name=title(network.source.text), layer=request["layer"])
            )
        except SpecError:
            continue
        pictures[style] = svg(picture, prefix=f"{style}-")
    return {"pictures": pictures}


def _spec(request: Request) -> Reply:
    """Return the text of a network of the zoo."""
    source = zoo.spec(request["name"])
    return {"text": source.text if source else ""}


def _input(request: Request) -> Reply:
    """Return the input volume."""
    return {"input": list(_load(request["text"]).input)}


def _values(request: Request) -> Reply:
    """Return the values of every layer, and the sum of a unit."""
    from cnncalc.playground.values import shown_values

    return shown_values(_load(request["text"]), request)


def _quiz(request: Request) -> Reply:
    """Return exercises."""
    from cnncalc.playground.quiz import quiz_exercises

    return quiz_exercises(request)


def _training(request: Request) -> Reply:
    """Return what the page needs to train the network on a number of images."""
    from cnncalc.playground.training import training_plan  # its imports take as long as all the rest

    return training_plan(_load(request["text"]), request["recipe"], request["changes"], request["images"])


QUESTIONS: Mapping[str, Callable[[Request], Reply]] = {
    "network": _network,
    "layer": _layer,
    "spec": _spec,
    "input": _input,
    "training": _training,
    "values": _values,
    "quiz": _quiz,
}
"""What the page asks, by the word for it."""


def title(text: str) -> str:
    """Return what the picture calls a network: the comment on its first line, as far as a name goes; else "network"."""
    first = text.lstrip().split("\n", 1)[0]
    return shorten(first.lstrip("# ").split(",")[0].rstrip(), 60) if first.startswith("#") else "network"


def _load(text: str) -> Network:
    name = zoo.named(text.strip())
    network = load(name) if name else _read(f"{text}\n")  # a single line could be the name of a file
    if not network.layers:
        raise SpecError("no-layer", "the text has no layer yet", hints=["a layer is for example: conv 3x3x16 - relu"])
    return network


def _read(text: str) -> Network:
    """Return the network of a text; one of another tool may have the input that it lacks on a line in front of it."""
    try:
        return load(text)
    except SpecError as error:
        if (given := _INPUT_IN_FRONT.match(text)) and _is_foreign(given[2]):
            return load(given[2], input=given[1])
        if error.code == "no-input" and _is_foreign(text):
            error.hints = (*error.hints, "put `input 32x32x3`, or another size, on a line in front of it")
        raise


def _read_as(network: Network) -> str:
    """Say whose spec the network is, where the text is not the spec itself."""
    said = [note.message.split(";")[0] for note in network.notes if note.code == "read-as"]
    return f"the text is {said[0]}" if said else f"the text is the name of {title(network.source.text)}"


def _spec_of(network: Network) -> str:
    """Return the spec of a network, with the input that it was given."""
    text = network.source.text
    if network.inputs_at or any(line.lstrip().startswith("input ") for line in text.splitlines()):
        return text
    first, _, rest = text.partition("\n")
    return f"{first}\ninput {network.input}\n{rest}"


def _is_foreign(text: str) -> bool:
    from cnncalc.foreign import format_of  # many modules, which a valid spec needs nothing of

    return format_of(Source("text", text)) is not None


def _further(error: SpecError, text: str) -> list[dict[str, Any]]:
    """Return the faults behind the first one that do not follow from it."""
    if error.source is None or _is_foreign(text):
        return []
    from cnncalc.checking import further_faults

    faults = further_faults(error, SpecSettings.of_texts(None, {}, None))
    return [_fault(fault, text) for fault in faults]


def _fault(error: CnncalcError, text: str) -> dict[str, Any]:
    """Return an error as data: its place is that in the text of the page, if it lies there.

    Where a window does not fit, its picture shows what is left over.
    """
    placed = error.span is not None and error.source is not None and error.source.text.rstrip("\n") == text.rstrip("\n")
    place = _place(error.span.start, error.span.end) if placed and error.span else {}
    said = {"code": error.code, "message": error.message, "detail": error.detail}
    if error.code == "does-not-fit" and error.reached is not None:
        said["picture"] = _misfit(text, len(error.reached.network) + 1)
    return {
        **said,
        "hints": list(error.hints),
        "trail": list(error.trail),
        "line": error.line if placed else None,
        **place,
    }


def _misfit(text: str, layer: int) -> str:
    """Return the picture of a window that does not fit; "" where that cannot be drawn."""
    try:
        network = load(f"{text}\n", rounding="floor")
        return svg(picture_of(network, "window", DrawingOptions(name=title(text), misfit=layer)), prefix="misfit-")
    except SpecError:
        return ""


def _place(start: int, end: int) -> dict[str, int]:
    return {"start": start, "end": max(end, start + 1)}

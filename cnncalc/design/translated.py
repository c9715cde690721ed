"""Texts of other tools whose designs have many inputs: sizes that follow from one of these are refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.loading import translated
from cnncalc.network import SpecSettings
from cnncalc.spec import parse


def check_sizes_for(source: Source, settings: SpecSettings, volumes: Iterable[Volume]) -> None:
    """Refuse a text of another tool that has other layers for other inputs, such as a resize to twice the input.

    The designs of a sweep are those of the spec as which it is read, and that has these sizes as numbers.

    Args:
        source: the text as it was read.
        settings: how it is loaded.
        volumes: inputs that are tried.

    Raises:
        SpecError: ``bad-format`` for such a text.
    """
    try:
        parse(source, zoo.blocks)
    except SpecError:
        pass
    else:
        return  # a spec says itself what follows from its input
    usual = _layers(source, settings)
    for volume in volumes:
        text = str(volume)
        if _layers(source, replace(settings, inputs={"": Source("--input", text)})) not in (usual, None):
            name = shorten_path(source.name)
            message = f"sizes in `{name}` follow from its input, and they are worked out for one input alone"
            hints = [f"ask for one input at a time: cnncalc shapes FILE --input {text}"]
            raise SpecError("bad-format", message, hints=hints)


def _layers(source: Source, settings: SpecSettings) -> list[str] | None:
    """Return the lines of the spec as which a text is read, without its input and its claims; None if it is not."""
    try:
        found = translated(source, settings)
    except SpecError:
        return None
    lines = found.spec.text.splitlines() if found else []
    return [line.partition("=>")[0].rstrip() for line in lines if not line.startswith("input ")]

"""What a run becomes outside of this package: its network, its preprocessing, and what the file says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from cnncalc.model.export import Around
from cnncalc.model.preprocessing import PixelPreprocessing
from cnncalc.network import Network
from cnncalc.train.ends import heads_of
from cnncalc.train.recipe.presets import to_toml
from cnncalc.train.run.facts import RunFacts
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.trained import weights_for
from cnncalc.train.tasks import Task, task_named

COLOUR_ORDERS = ("rgb", "bgr")
"""Orders in which the colours of an image may arrive."""


class RunExport(NamedTuple):
    """What is written of a run.

    Attributes:
        network: what is written: with preprocessing without the end that the loss does itself.
        weights: by the names that `cnncalc.build` gives them.
        around: the preprocessing, and the metadata.
        views: how many views of an image testing averages; the file computes one.
        learned: what the run has learned, as a plural.

    """

    network: Network
    weights: dict[str, torch.Tensor]
    around: Around
    views: int
    learned: str


def export_of_run(path: str, which: str, *, preprocessing: bool, colours: str = "rgb") -> RunExport:
    """Return what is written of a run.

    Args:
        path: the run's folder.
        which: ``best`` or ``last``.
        preprocessing: whether the file normalises pixels itself, and makes what `cnncalc predict` shows.
        colours: the order in which colours arrive, one of `COLOUR_ORDERS`.

    Raises:
        SpecError: where this is no run, or its weights are not there or not its own.

    """
    folder = RunFolder(path)
    facts, recipe = folder.facts(), folder.recipe()
    network = folder.network(facts)
    task = task_named(facts.task, facts.classes)
    weights, epoch = weights_for(folder, network, which)
    inside = _preprocessing(facts, network, task, reverse=colours == "bgr") if preprocessing else None
    metadata = {
        "classes": _json(facts.classes),
        "input": _json(_input(network, facts, colours if inside else "")),
        "preprocessing": _json(_normalisation(facts, inside=preprocessing)),
        "task": _json(task.name),
        "output": _json(inside.output if inside else "the network's own"),
        "spec": network.source.text,
        "recipe": to_toml(recipe),
        "weights": _json({"of": which, "epoch": epoch}),
        "data": facts.data_name,
        "cnncalc": facts.versions.get("cnncalc", ""),
    }
    written = task.logits(network) if inside else network
    return RunExport(written, weights, Around(inside, metadata), recipe.views, task.learned)


OUTPUTS = {"masks": "masks", "regression": "numbers"}
"""What the output of a task is called; that of the others is ``probabilities``."""


def _preprocessing(facts: RunFacts, network: Network, task: Task, *, reverse: bool) -> PixelPreprocessing:
    return PixelPreprocessing(
        facts.mean,
        facts.deviation,
        reverse=reverse,
        grey=facts.data.get("colour") == "grey" and network.input.channels == 3,
        floats=facts.floats,
        finish=lambda outputs: task.results(task.joined([outputs])),
        output=OUTPUTS.get(task.name, "probabilities"),
        main=heads_of(network).main if network.outputs_at else None,
    )


def _input(network: Network, facts: RunFacts, colours: str) -> dict[str, Any]:
    """Say what goes in: the axes with their sizes, the type of the values and the order of the colours."""
    volume = network.input
    names = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[volume.dimensions]
    axes = ["batch", "channels", *names]
    said = {"name": "images", "axes": axes, "sizes": [None, volume.channels, *volume.spatial]}
    order = {"rgb": "RGB", "bgr": "BGR"}.get(colours, "RGB")
    kind = {1: "grey", 3: order}.get(volume.channels) if volume.dimensions == 2 else None
    raw = {"type": "float32", "range": "as in the data"} if facts.floats else {"type": "uint8", "range": [0, 255]}
    values = raw if colours else {"type": "float32", "range": "normalised"}
    return {**said, **values, **({"colours": kind} if kind else {}), "resize": facts.data.get("resize", "none")}


def _normalisation(facts: RunFacts, *, inside: bool) -> dict[str, Any]:
    """Say how pixels become what the network sees: (pixel / 255 − mean) / deviation, for each channel."""
    how = f"({'value' if facts.floats else 'pixel / 255'} - mean) / deviation, for each channel"
    return {"inside": inside, "how": how, "mean": facts.mean, "deviation": facts.deviation}


def _json(value: Mapping[str, Any] | tuple[str, ...] | str) -> str:
    return json.dumps(value, ensure_ascii=False)

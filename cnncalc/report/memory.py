"""The report of ``cnncalc memory``: the parts of the peak, the layers that hold most, and what would take less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from cnncalc.analysis.memory import PHASES, MemoryPrediction, TrainingSetup
from cnncalc.analysis.memory.advice import Advice
from cnncalc.analysis.memory.saved import saved_of
from cnncalc.core.numbers import bar, bytes_text, share_text, whole
from cnncalc.report.json_form import GAP, Filled, Form
from cnncalc.report.memory_cards import TITLES, SharedBatch, prices_data, shared_data, shared_lines, shared_notes
from cnncalc.report.metrics import metrics
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.table import Column, Table

MOST_LAYERS = 3
"""How many of the layers that hold most are named."""

_TITLES = {
    "optimizer_state": "optimizer state",
    "average": "moving average",
    "input": "images and labels",
    "workspace": "cuBLAS workspace",
    "parameter_gradients": "gradients of parameters",
    "activation_gradients": "gradients of activations",
    **TITLES,
}
_PHASES = {
    "forward": "in the forward pass",
    "recomputation": "while a block is computed again",
    "backward": "in the backward pass",
    "step": "in the optimizer's step",
}


class Budget(NamedTuple):
    """What there is: bytes, the name of the card (or none), and the largest batch that fits (None: not even one)."""

    bytes: int
    card: str | None
    largest_batch: int | None


def memory_report(
    prediction: MemoryPrediction, budget: Budget | None, changes: Sequence[Advice], shared: SharedBatch | None = None
) -> Report:
    """Make the report; ``shared`` says how several cards share the work, and what they cost."""
    shared = shared or SharedBatch(None, prediction.setup.batch, (), None)
    peak = prediction.peak_bytes
    rows = [
        (_TITLES.get(kind, kind), kind, size, (size, peak), (size, peak))
        for kind, size in prediction.parts.items()
        if size
    ]
    columns = (
        Column("what", "alive at the peak", programs=False),
        Column("part", "part", people=False),
        Column("bytes", "memory", bytes_text, right=True),
        Column("share", "share", lambda pair: share_text(*pair), right=True, rank=1, programs=False),
        Column("bar", "", lambda pair: bar(*pair), rank=2, programs=False),
    )
    return Report(
        Table(columns, rows, ("peak", "peak", peak, None, None)),
        lambda: _data(prediction, budget, changes, shared),
        [*_budget(prediction, budget, shared), *_summary(prediction), *shared_lines(shared)],
        [*[_advice(change, peak) for change in changes], *shared_notes(shared), *_uncounted(prediction.setup)],
    )


def _summary(prediction: MemoryPrediction) -> list[tuple[str, str]]:
    nowhere = "the input" if prediction.setup.inference else "the loss"
    at = "" if prediction.phase == "step" else f" at {prediction.layer or nowhere}"
    lines = [
        ("peak", f"{whole(prediction.peak_bytes)} bytes, {_PHASES[prediction.phase]}{at}"),
        ("of", _assumed(prediction.setup)),
    ]
    held = _most(prediction)
    if held:
        total = sum(prediction.kept.values())
        are = "are" if "," in held else "is"
        lines.append(("layers", f"{held} {are} the largest of the {bytes_text(total)} of activations"))
    return lines


def _most(prediction: MemoryPrediction) -> str:
    least = sum(prediction.kept.values()) / 100
    largest = prediction.largest(MOST_LAYERS)
    return ", ".join(f"{name} {bytes_text(size)}" for name, size in largest if size >= least)


def _assumed(setup: TrainingSetup) -> str:
    """Write what is run, in one line."""
    images = f"{setup.batch:,} image{'s' if setup.batch > 1 else ''}"
    precision = "float32" if setup.precision == "float32" else f"autocast to {setup.precision}"
    if setup.inference:
        return f"a forward pass of {images}, {precision}, on {setup.device}"
    if setup.accumulate > 1:
        most = "" if setup.batch % setup.accumulate == 0 else "at most "
        images += f" in {setup.accumulate} passes of {most}{setup.images:,}"
    settings = [f"weight decay {setup.effective_weight_decay:g}", setup.implementation]
    if setup.rule.momentum is not None:
        settings.insert(0, f"momentum {setup.effective_momentum:g}")
    more = [word for word, holds in (("moving average", setup.ema), ("checkpointing", setup.checkpointing)) if holds]
    optimizer = f"{setup.optimizer} ({', '.join(settings)})"
    return ", ".join([f"a training step of {images}", precision, optimizer, *more, f"on {setup.device}"])


def _budget(prediction: MemoryPrediction, budget: Budget | None, shared: SharedBatch) -> list[tuple[str, str]]:
    if budget is None:
        return []
    difference = budget.bytes - prediction.peak_bytes
    said = f"fits, with {bytes_text(difference)} to spare" if difference >= 0 else _too_much(-difference)
    where = f"{bytes_text(budget.bytes)}{f' of {budget.card}' if budget.card else ''}"
    each = "" if shared.cards == 1 else " on each card"
    largest = (
        f"not even one image{each} fits into {where}"
        if budget.largest_batch is None
        else f"the largest batch for {where} is {budget.largest_batch:,}"
    )
    return [("budget", f"{largest}; a batch of {shared.batch:,} {said}{each}")]


def _too_much(excess: int) -> str:
    return f"does not fit: it takes {bytes_text(excess)} too much"


def _advice(change: Advice, peak: int) -> str:
    saved, left = bytes_text(peak - change.peak_bytes), bytes_text(change.peak_bytes)
    return f"{change.option} lowers the peak by {saved} to {left} ({change.effect})"


def _uncounted(setup: TrainingSetup) -> list[str]:
    if setup.device == "cpu":
        return []
    return ["not counted: the CUDA context, cuDNN's workspaces, and what fragmentation wastes"]


def _data(
    prediction: MemoryPrediction, budget: Budget | None, changes: Sequence[Advice], shared: SharedBatch
) -> dict[str, Any]:
    network, cards = prediction.network, shared.prediction
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "assumptions": _assumptions(prediction.setup),
        "metrics": _metrics(prediction.setup),
        "peak_bytes": prediction.peak_bytes,
        "parts": dict(prediction.parts),
        "peak": {"phase": prediction.phase, "layer": prediction.layer},
        "layers": _layers(prediction),
        "timeline": _timeline(prediction),
        "budget_bytes": budget.bytes if budget else None,
        "fits": prediction.peak_bytes <= budget.bytes if budget else None,
        "largest_batch": budget.largest_batch if budget else None,
        "advice": [
            {
                "option": change.option,
                "effect": change.effect,
                "peak_bytes": change.peak_bytes,
                "gain_bytes": prediction.peak_bytes - change.peak_bytes,
            }
            for change in changes
        ],
        "cards": shared_data(cards, shared.batch) if cards else None,
        "prices": prices_data(shared.offers, shared.cards) if shared.offers else None,
    }


def _metrics(setup: TrainingSetup) -> dict[str, Any]:
    """Return what the numbers are; on a graphics card the peak leaves out what `_uncounted` names."""
    names = ("peak_bytes", "saved_bytes", "largest_batch")
    return metrics(names, ["peak_bytes", "largest_batch"] if _uncounted(setup) else [])


def _layers(prediction: MemoryPrediction) -> Iterator[Filled]:
    network, kept = prediction.network, prediction.kept
    saved = saved_of(prediction.step.walk.trace, len(network.layers), prediction.setup.images)
    words = ("index", "name", "line", "layer", "saved_bytes", "alive_bytes")
    form = Form(dict.fromkeys(words, GAP))
    return (
        Filled(form, (node.index, node.name, line, node.written, size, kept.get(node.index, 0)))
        for node, line, size in zip(network.layers, network.lines(), saved, strict=True)
    )


def _timeline(prediction: MemoryPrediction) -> Iterator[Filled]:
    forms = {phase: Form({"phase": phase, "layer": GAP, "bytes": GAP}) for phase in PHASES}
    phases, layers, sizes = prediction.step.columns(prediction.setup)
    return map(Filled, map(forms.__getitem__, phases), zip(layers, sizes, strict=False))


def _assumptions(setup: TrainingSetup) -> dict[str, Any]:
    settings = asdict(setup)
    settings["momentum"] = setup.effective_momentum
    settings["weight_decay"] = setup.effective_weight_decay
    settings["workspace_bytes"] = setup.workspace
    return {
        **settings,
        "images_per_pass": setup.images,
        "loss": "cross entropy with a label for each image, or for each position of a map",
        "zero_grad": "gradients are freed after every step (set_to_none)",
        "not_counted": "the CUDA context, cuDNN's workspaces, fragmentation",
    }

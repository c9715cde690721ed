"""The report of an int8 network on a microcontroller: the arena, the flash, whether both fit, what would take less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cnncalc.core.numbers import bar, bytes_text, counted, share_text, whole
from cnncalc.microcontrollers.advice import ArenaAdvice
from cnncalc.microcontrollers.arena import Buffer
from cnncalc.microcontrollers.prediction import McuPrediction
from cnncalc.microcontrollers.structs import COMMIT
from cnncalc.report.metrics import metrics
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.table import Column, Table

MOST_LAYERS = 3
"""How many of the layers whose tensors are alive at the peak are named."""

_ARENA = {
    "tensors": "tensors and scratch buffers",
    "structures": "tensor, operator records",
    "kernels": "data of the kernels",
    "interface": "views of inputs and outputs",
    "interpreter": "allocators",
}
_FLASH = {"weights": "weights and biases", "quantisation": "scales and zero points", "graph": "graph, about"}
_BRIEF = {
    "tensors and scratch buffers": "tensors, scratch",
    "tensor, operator records": "records",
    "views of inputs and outputs": "views",
    "scales and zero points": "scales, zero points",
}
"""Titles for a narrow terminal, which leave room for what says whether a row is of the arena or of the flash."""

_UNCOUNTED = (
    "not counted: in SRAM the stack, the program's own data and the scratch buffers of kernels that are optimised for "
    "a processor (CMSIS-NN, ESP-NN); in flash the program and the interpreter"
)


class McuBudget(NamedTuple):
    """The name of a board, or "", and the bytes of its SRAM and of its flash; None for what is not given."""

    name: str = ""
    sram: int | None = None
    flash: int | None = None

    def fits(self, prediction: McuPrediction) -> bool:
        """Say whether a network lies within it."""
        arena = self.sram is None or prediction.arena.needed <= self.sram
        return arena and (self.flash is None or prediction.flash.bytes <= self.flash)


def mcu_report(prediction: McuPrediction, budget: McuBudget) -> Report:
    """Make the report."""
    arena, flash = prediction.arena, prediction.flash
    rows = [
        *_rows("arena", _ARENA, _arena_parts(prediction), arena.needed),
        *_rows("flash", _FLASH, flash._asdict(), flash.bytes),
    ]
    columns = (
        Column("where", "in"),
        Column("what", "what", programs=False, brief=lambda title: _BRIEF.get(title, title)),
        Column("part", "part", people=False),
        Column("bytes", "memory", bytes_text, right=True),
        Column("share", "share", lambda pair: share_text(*pair), right=True, rank=1, programs=False),
        Column("bar", "", lambda pair: bar(*pair), rank=2, programs=False),
    )
    return Report(
        Table(columns, rows),
        lambda: _data(prediction, budget),
        [*_budget(prediction, budget), *_summary(prediction)],
        [*[_advice(prediction, change) for change in prediction.advice], _UNCOUNTED],
    )


def _rows(where: str, titles: dict[str, str], parts: dict[str, int], total: int) -> Iterator[tuple[Any, ...]]:
    for part, title in titles.items():
        if parts[part]:
            yield where, title, part, parts[part], (parts[part], total), (parts[part], total)


def _arena_parts(prediction: McuPrediction) -> dict[str, int]:
    return {"tensors": prediction.arena.head, **prediction.arena.tail}


def _summary(prediction: McuPrediction) -> list[tuple[str, str]]:
    arena, flash = prediction.arena, prediction.flash
    start = f": it uses {whole(arena.used)}, and needs more while it starts" if arena.start > arena.used else ""
    lines = [("arena", f"{whole(arena.needed)} bytes at least{start}")]
    if prediction.graph.operators:
        alive = _alive(prediction.alive)
        more = f" and {counted(len(alive) - MOST_LAYERS, 'more')}" if len(alive) > MOST_LAYERS else ""
        at = prediction.graph.operators[prediction.peak - 1].layer
        lines.append(("peak", f"at {at}: {', '.join(alive[:MOST_LAYERS])}{more}"))
    lines.append(("flash", f"about {whole(flash.bytes)} bytes, {whole(flash.weights)} of weights and biases exactly"))
    lines.append(("of", "one image, int8, converted by TensorFlow, reference kernels, pointers of 32 bits"))
    return lines


def _alive(buffers: list[Buffer]) -> list[str]:
    """Return what is alive by the layers that make it, the largest first; some layers become several operators."""
    of_layers: dict[str, list[int]] = {}
    for each in buffers:
        of_layers.setdefault(_called(each), []).append(each.bytes)
    by_size = sorted(of_layers.items(), key=lambda layer: -sum(layer[1]))
    return [
        f"{name} {bytes_text(sum(sizes))}" + (f" in {len(sizes)} buffers" if len(sizes) > 1 else "")
        for name, sizes in by_size
    ]


def _called(buffer: Buffer) -> str:
    return f"scratch of {buffer.name}" if buffer.scratch else buffer.name


def _budget(prediction: McuPrediction, budget: McuBudget) -> list[tuple[str, str]]:
    said = [
        f"{bytes_text(there)} of {what}: {_compared(there - needed)}"
        for what, there, needed in (
            ("SRAM", budget.sram, prediction.arena.needed),
            ("flash", budget.flash, prediction.flash.bytes),
        )
        if there is not None
    ]
    return [(budget.name or "budget", "; ".join(said))] if said else []


def _compared(spare: int) -> str:
    return f"fits, with {bytes_text(spare)} to spare" if spare >= 0 else f"{bytes_text(-spare)} too little"


def _advice(prediction: McuPrediction, change: ArenaAdvice) -> str:
    saved = prediction.arena.head - change.head
    return f"{change.change}: {bytes_text(saved)} less, {bytes_text(change.head)} of tensors ({change.effect})"


def _data(prediction: McuPrediction, budget: McuBudget) -> dict[str, Any]:
    arena, flash, network = prediction.arena, prediction.flash, prediction.network
    operators = prediction.graph.operators
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "assumptions": {
            "precision": "int8",
            "batch": 1,
            "interpreter": f"tensorflow/tflite-micro {COMMIT}, its greedy planner and its reference kernels",
            "converter": "tensorflow 2.21, of the model of Keras that `cnncalc export` writes, with a batch of 1",
            "pointer_bytes": 4,
            "not_counted": _UNCOUNTED.partition(": ")[2],
        },
        "metrics": metrics(("arena_bytes", "flash_bytes"), ("arena_bytes", "flash_bytes")),
        "arena_bytes": arena.needed,
        "arena_used_bytes": arena.used,
        "arena": _arena_parts(prediction),
        "flash_bytes": flash.bytes,
        "flash": flash._asdict(),
        "peak": {
            "step": prediction.peak,
            "layer": operators[prediction.peak - 1].layer if operators else None,
            "alive": [{"layer": each.name, "scratch": each.scratch, "bytes": each.bytes} for each in prediction.alive],
        },
        "operators": [_operator(each) for each in operators],
        "buffers": [each._asdict() for each in arena.buffers],
        "board": budget.name or None,
        "sram_bytes": budget.sram,
        "board_flash_bytes": budget.flash,
        "fits": None if budget.sram is None and budget.flash is None else budget.fits(prediction),
        "advice": [
            {"change": each.change, "effect": each.effect, "tensors_bytes": each.head, "order": each.operators or None}
            for each in prediction.advice
        ],
    }


def _operator(operator: Any) -> dict[str, Any]:
    return {
        "operator": operator.kind,
        "layer": operator.layer,
        "output": list(operator.output.shape),
        "activation": operator.activation or None,
    }

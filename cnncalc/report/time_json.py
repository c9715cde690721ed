"""The JSON of ``cnncalc time``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.analysis.roofline import Bound, LayerBound, Measured, PassBound, faster_than_bound
from cnncalc.report.metrics import metrics
from cnncalc.report.schema import SCHEMA, input_data
from cnncalc.report.time_sums import compute_sum, memory_sum


def time_data(bound: Bound, measured: Measured | None) -> dict[str, Any]:
    """Return everything that is known."""
    network, machine = bound.network, bound.machine
    return {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "assumptions": _assumptions(bound),
        "metrics": metrics(("flops", "bytes", "seconds", "images_per_second")),
        "machine": {
            "name": machine.name,
            "peak_flops_per_second": machine.peak,
            "bandwidth_bytes_per_second": machine.bandwidth,
            "source": machine.source or None,
            "date": machine.date or None,
        },
        "layers": _layers(bound, measured),
        "step": None if bound.step is None else _pass(bound.step, bound),
        "total": _total(bound),
        "fused": _pass(bound.whole, bound),
        "measured": None if measured is None else _measured(bound, measured),
    }


def _assumptions(bound: Bound) -> dict[str, Any]:
    setup = bound.setup
    return {
        "batch": setup.batch,
        "precision": setup.precision,
        "training": setup.training,
        "optimizer": setup.optimizer if setup.training else None,
        "bound": "direct convolution, layer by layer: the larger of 2·MACs/peak and bytes/bandwidth of every pass",
        "bytes": "input, weights and output of a layer, each read or written once; gradients likewise",
    }


def _layers(bound: Bound, measured: Measured | None) -> Iterator[dict[str, Any]]:
    known: dict[int, list[dict[str, Any]]] = {}  # layers that are alike share their passes
    seconds = measured.layers if measured else [None] * len(bound.rows)
    for row, took in zip(bound.rows, seconds, strict=True):
        if id(row.passes) not in known:
            known[id(row.passes)] = [_pass(each, bound) for each in row.passes]
        yield _layer(row, known[id(row.passes)], took)


def _layer(row: LayerBound, passes: list[dict[str, Any]], took: float | None) -> dict[str, Any]:
    node = row.node
    found = {"index": node.index, "name": node.name, "line": row.line, "layer": node.written}
    found |= {"seconds": row.seconds, "bound_by": row.bound_by or None, "passes": passes}
    return found if took is None else {**found, "measured_seconds": took}


def _pass(each: PassBound, bound: Bound) -> dict[str, Any]:
    return {
        "pass": each.name,
        "flops": each.work.flops,
        "bytes": each.work.bytes,
        "traffic": {what.replace(" ", "_"): count for what, count in each.work.traffic},
        "compute_seconds": each.compute,
        "compute_sum": compute_sum(each, bound.machine, bound.setup),
        "memory_seconds": each.memory,
        "memory_sum": memory_sum(each, bound.machine),
        "seconds": each.seconds,
        "bound_by": each.bound_by or None,
    }


def _total(bound: Bound) -> dict[str, Any]:
    return {
        "flops": sum([each.work.flops for each in bound.passes]),
        "bytes": sum([each.work.bytes for each in bound.passes]),
        "seconds": bound.seconds,
        "seconds_bound_by_compute": bound.seconds_bound_by("compute"),
        "seconds_bound_by_memory": bound.seconds_bound_by("memory"),
        "images_per_second": bound.images_per_second if bound.seconds else None,
    }


def _measured(bound: Bound, measured: Measured) -> dict[str, Any]:
    return {
        "seconds": measured.whole,
        "images_per_second": bound.setup.batch / measured.whole,
        "share_of_bound": bound.seconds / measured.whole,
        "layers_seconds": measured.total,
        "step_seconds": measured.step,
        "other_seconds": measured.rest,
        "rounds": measured.rounds,
        "faster_than_bound": faster_than_bound(bound, measured),
    }

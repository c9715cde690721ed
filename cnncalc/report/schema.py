"""The JSON schema ``cnncalc/2``, documented in docs/json.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.analysis import Counts, LayerCounts, count
from cnncalc.analysis.receptive import Fields
from cnncalc.core.errors import CnncalcError
from cnncalc.core.precision import TORCH_NAMES
from cnncalc.network import Network, Operation
from cnncalc.report.json_form import GAP, Filled, Form, to_text
from cnncalc.report.metrics import counted_metrics

SCHEMA = "cnncalc/2"
FIRST = "cnncalc/1"
"""The older schema, which `in_first_schema` writes."""


def network_json(network: Network, *, precision: str, batch: int, indent: int | None = 2) -> str:
    """Return a network and what was counted of it as JSON."""
    return to_text(counts_data(count(network, precision=precision, batch=batch)), indent)


def in_first_schema(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a report as the schema ``cnncalc/1`` had them: with dtypes, and without metrics."""
    old = {**data, "schema": FIRST}
    old.pop("metrics", None)
    if "conventions" in data and "precision" in data["conventions"] and "bytes_per_value" in data["conventions"]:
        pairs = data["conventions"].items()
        old["conventions"] = {
            "dtype" if key == "precision" else key: TORCH_NAMES.get(value, value) if key == "precision" else value
            for key, value in pairs
        }
    return old


def counts_data(counts: Counts, saved: Sequence[int] | None = None) -> dict[str, Any]:
    """Return what was counted, in the order and with the names of the schema; ``saved_bytes`` only if given."""
    network = counts.network
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "spec": network.source.name,
        **input_data(network),
        "conventions": conventions(counts),
        "metrics": counted_metrics(counts, [] if saved is None else ["saved_bytes"]),
        "layers": _layers(counts, saved),
        "total": {
            "params": network.params,
            "weights": network.weights,
            "biases": network.biases,
            "macs": network.macs,
            "activation_bytes": counts.activation_bytes,
            "parameter_bytes": counts.parameter_bytes,
        },
    }
    if network.outputs_at:
        named = zip(network.output_names, network.outputs_at, network.outputs, strict=True)
        data["outputs"] = [{"name": name, "layer": index, "output": list(volume)} for name, index, volume in named]
    if saved is not None:
        data["total"]["saved_bytes"] = sum(saved)
    return data


def input_data(network: Network) -> dict[str, Any]:
    """Return what goes in: ``input``, and of several inputs, of which that is the first, also ``inputs``."""
    data: dict[str, Any] = {"input": list(network.input)}
    if network.inputs_at:
        named = zip(network.input_names, network.inputs_at, network.inputs, strict=True)
        data["inputs"] = [{"name": name, "layer": index, "input": list(volume)} for name, index, volume in named]
    return data


def conventions(counts: Counts) -> dict[str, Any]:
    """Return what the numbers mean: units, and what is counted."""
    return {
        "rounding": counts.network.rounding,
        "precision": counts.precision,
        "bytes_per_value": counts.bytes_per_value,
        "batch": counts.batch,
        "macs": "multiplications of conv, dwconv, deconv and fc for one image; biases and other layers count 0",
        "activation_bytes": "bytes of a layer's output for the whole batch; the total includes the input",
        "receptive_field": "in input positions, padding included; stride is the effective stride" + _in_which(counts),
        "dropped": "last rows, columns, … of a layer's input that no window reads",
        "inputs": "indices of the layers that are read; 0 is the network's input" + _given(counts),
    }


def _in_which(counts: Counts) -> str:
    several = "; in the first input that the layer sees, and receptive_fields has all"
    return several if counts.network.inputs_at else ""


def _given(counts: Counts) -> str:
    return ", which of several input layers read" if counts.network.inputs_at else ""


def error_data(error: CnncalcError) -> dict[str, Any]:
    """Return a fault in a spec as data."""
    return {
        "schema": SCHEMA,
        "code": error.code,
        "message": error.message,
        "spec": error.source.name if error.source else None,
        "line": error.line,
        "column": error.column,
        "detail": error.detail,
        "hints": list(error.hints),
        "trail": list(error.trail),
    }


def _layers(counts: Counts, saved: Sequence[int] | None) -> Iterator[Filled]:
    forms: dict[tuple[Operation, int], Form] = {}
    for row in counts.rows:
        node = row.node
        fields = [field for field in row.field if field is not None]
        form = None if row.fields else forms.get((node.operation, len(fields)))
        if form is None:
            layer = _layer(row) if saved is None else {**_layer(row), "saved_bytes": GAP}
            form = forms[node.operation, len(fields)] = Form(layer)
        own = [node.index, node.name, row.line, *node.inputs]
        if len(fields) == len(row.field):
            own += [field.size for field in fields]
            own += [number(field.jump) for field in fields]
        if node.operation.again:
            own.append(counts.network.weights_of[node.index])
        yield Filled(form, own if saved is None else [*own, saved[node.index - 1]])


def _layer(row: LayerCounts) -> dict[str, Any]:
    """Return a layer with gaps for what those that are alike do not share."""
    node = row.node
    gaps = [GAP] * len(row.field)
    shared = {"weights_of": GAP} if node.operation.again else {}
    several = {"receptive_fields": {name: field_data(fields) for name, fields in row.fields}} if row.fields else {}
    return {
        "index": GAP,
        "name": GAP,
        "line": GAP,
        "layer": node.written,
        "inputs": [GAP] * len(node.inputs),
        "output": list(node.output),
        "params": node.params,
        "weights": node.weights,
        "biases": node.biases,
        "macs": node.macs,
        "activation_bytes": row.activation_bytes,
        "receptive_field": None if None in row.field else {"size": gaps, "stride": gaps},
        "dropped": list(node.dropped),
        **shared,
        **several,
    }


def field_data(fields: Fields) -> dict[str, Any] | None:
    """Return a receptive field as data; None where it is not known."""
    known = [field for field in fields if field is not None]
    if len(known) < len(fields):
        return None
    return {"size": [field.size for field in known], "stride": [number(field.jump) for field in known]}


def number(value: Fraction) -> int | float:
    """Return a fraction as a whole number where it is one."""
    return int(value) if value.denominator == 1 else float(value)

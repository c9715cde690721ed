"""What a number of the JSON is: its unit, how it is found, and whether it has all that it should have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from cnncalc.analysis import Counts


class JsonMetric(NamedTuple):
    """A kind of number: its unit, and the method by which it is found."""

    unit: str
    method: str


METRICS = {
    "params": JsonMetric("numbers", "counted: weights and biases; running means and variances are not among them"),
    "weights": JsonMetric("numbers", "counted: learned weights, and scales of normalisations"),
    "biases": JsonMetric("numbers", "counted: learned biases, and shifts of normalisations"),
    "unlearned": JsonMetric("numbers", "counted: running means and variances, and constants, which are not learned"),
    "parameter_bytes": JsonMetric("bytes", "computed: params times bytes_per_value"),
    "macs": JsonMetric("multiplications for one image", "counted: multiplications by learned weights"),
    "activation_bytes": JsonMetric("bytes for the batch", "computed: values of outputs times bytes_per_value"),
    "receptive_field": JsonMetric("input positions", "computed: stretches of the input that a unit depends on"),
    "saved_bytes": JsonMetric("bytes for the batch", "predicted: what PyTorch's autograd saves in the forward pass"),
    "peak_bytes": JsonMetric("bytes", "predicted: memory that is alive at each operation of PyTorch; the most of it"),
    "flops": JsonMetric("FLOP for the batch", "counted: twice the multiplications of a direct convolution"),
    "bytes": JsonMetric("bytes for the batch", "counted: what a pass reads and writes, each tensor once"),
    "seconds": JsonMetric("seconds", "bounded from below: the larger of flops/peak and bytes/bandwidth"),
    "images_per_second": JsonMetric("images per second", "bounded from above: batch/seconds"),
    "arena_bytes": JsonMetric("bytes", "predicted: the least arena with which TensorFlow Lite Micro runs the network"),
    "flash_bytes": JsonMetric("bytes", "predicted: weights and scales exactly, the graph of the file estimated"),
    "largest_batch": JsonMetric("images", "searched: the largest batch whose predicted peak lies within the budget"),
}
"""By the names of the fields."""


def metrics(names: Iterable[str], incomplete: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """Return what some fields are, as data; those that are incomplete leave something out that they would count."""
    left = set(incomplete)
    return {name: {**METRICS[name]._asdict(), "complete": name not in left} for name in names}


COUNTED = ("params", "weights", "biases", "macs", "activation_bytes", "parameter_bytes", "receptive_field")
"""What is counted of a network."""


def counted_metrics(counts: Counts, more: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """Return what the counts of a network are; receptive fields are incomplete where one is not known."""
    unknown = any(None in fields for row in counts.rows for _, fields in row.fields or [("", row.field)])
    return metrics([*COUNTED, *more], ["receptive_field"] if unknown else [])

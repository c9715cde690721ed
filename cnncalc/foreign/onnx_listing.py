"""An ONNX file as text: one line for each tensor that is stored, each volume that is stated, and each node.

The lines are JSON. Weights are passed over: a stored tensor is its name and its shape, and its numbers only where
there are so few that they are a shape or a factor.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from math import prod
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_PARTS, MAX_TEXT
from cnncalc.core.words import shorten_path
from cnncalc.foreign.protobuf import BYTES, DamagedMessage, WireField, fields

_FEW = 32
"""Most numbers of a tensor that are listed."""
_MOST_EQUAL = 65_536
"""Most bytes of a tensor that is listed where all its numbers are one, as those are that a norm without any takes."""
_FLOAT, _INT32, _INT64, _DOUBLE = 1, 6, 7, 11
_CALL = re.compile(r"\.(group_norm)\.default\]\(args = (\([^()]{0,200}\))")
_FORMATS = {_FLOAT: "<f", _INT32: "<i", _INT64: "<q", _DOUBLE: "<d"}


def listing(name: str, data: bytes | memoryview) -> str:
    """Return the text of an ONNX file.

    Raises:
        SpecError: ``bad-format`` for bytes that are no ONNX file, or one that is cut off.
    """
    try:
        lines = list(_model(memoryview(data)))
    except DamagedMessage as error:
        message = f"`{shorten_path(name)}` is not a whole ONNX file: {error}"
        raise SpecError("bad-format", message, hints=["a spec is plain text in UTF-8"]) from None
    return "".join([json.dumps(line, separators=(", ", ": "), ensure_ascii=True) + "\n" for line in lines])


def _model(message: memoryview) -> Iterator[dict[str, Any]]:
    version, producer, graphs = 0, "", []
    for field in fields(message):
        if field.number == 1:
            version = field.whole
        elif field.number == 2:
            producer = field.text
        elif field.number == 7:
            graphs.append(field.view)
    if not graphs:
        raise DamagedMessage("it holds no graph")
    yield {"onnx": version, "producer": producer[:80]}
    size = 0
    for count, line in enumerate(_graph(graphs[0])):
        size += len(str(line))
        if count >= MAX_PARTS or size > MAX_TEXT:
            raise DamagedMessage("its graph is too large")
        yield line


def _graph(message: memoryview) -> Iterator[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    volumes: list[dict[str, Any]] = []
    tensors: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for field in fields(message):
        if field.number == 1:
            nodes.append(_node(field.view))
        elif field.number == 5:
            tensors.append(_tensor(field.view))
        elif field.number in (11, 12, 13):
            (ends if field.number != 13 else volumes).append({_ENDS[field.number]: _value(field.view)})
    yield from tensors
    yield from ends
    yield from volumes
    yield from nodes


_ENDS = {11: "input", 12: "output", 13: "volume"}


def _value(message: memoryview) -> dict[str, Any]:
    """Return a volume's name and shape; a size that is no number is None."""
    name, shape = "", None
    for field in fields(message):
        if field.number == 1:
            name = field.text
        elif field.number == 2:
            shape = _shape(field.view)
    return {"name": name, "shape": shape}


def _shape(message: memoryview) -> list[int | None] | None:
    for kind in fields(message):
        if kind.number == 1:  # a tensor
            for field in fields(kind.view):
                if field.number == 2:
                    return [_size(size.view) for size in fields(field.view) if size.number == 1]
    return None


def _size(message: memoryview) -> int | None:
    return next((field.whole for field in fields(message) if field.number == 1), None)


def _tensor(message: memoryview) -> dict[str, Any]:
    shape: list[int] = []
    name, kind, raw = "", 0, None
    numbers: list[int | float] = []
    for field in fields(message):
        if field.number == 1:
            shape += field.wholes()
        elif field.number == 2:
            kind = field.whole
        elif field.number == 8:
            name = field.text
        elif field.number == 9:
            raw = field.view
        elif field.number in (4, 5, 7) and _is_short(field):
            numbers += field.decimals() if field.number == 4 else field.wholes()
    tensor: dict[str, Any] = {"tensor": name, "shape": shape}
    few = all(0 <= size <= _FEW for size in shape) and prod(shape) <= _FEW
    if few and raw is not None and kind in _FORMATS and len(raw) == prod(shape) * struct.calcsize(_FORMATS[kind]):
        numbers = [value for (value,) in struct.iter_unpack(_FORMATS[kind], bytes(raw))]
    if few and len(numbers) == prod(shape):
        tensor["values"] = [_finite(number) for number in numbers]
    elif (
        raw is not None and kind == _FLOAT and 4 <= len(raw) <= _MOST_EQUAL and raw == bytes(raw[:4]) * (len(raw) // 4)
    ):
        tensor["values"] = [_finite(number) for (number,) in struct.iter_unpack("<f", bytes(raw[:4]))]  # all of them
    return tensor


def _is_short(field: WireField) -> bool:
    return field.wire != BYTES or len(field.view) <= 10 * _FEW


def _finite(number: float) -> float:
    return number if abs(number) < 1e15 else 0 if number != number else 1e15 if number > 0 else -1e15


def _node(message: memoryview) -> dict[str, Any]:
    inputs, outputs, attributes = [], [], {}
    name = kind = domain = ""
    call = ""
    for field in fields(message):
        if field.number == 1:
            inputs.append(field.text)
        elif field.number == 2:
            outputs.append(field.text)
        elif field.number == 3:
            name = field.text
        elif field.number == 4:
            kind = field.text
        elif field.number == 5:
            attributes.update(_attribute(field.view))
        elif field.number == 7:
            domain = field.text
        elif field.number == 9:
            call = call or _call(field.view)
    kind = kind if domain in ("", "ai.onnx") else f"{domain}.{kind}"
    more = {"call": call} if call else {}
    return {"node": kind, "name": name, "inputs": inputs, "outputs": outputs, "attributes": attributes, **more}


def _call(message: memoryview) -> str:
    """Return the call of PyTorch that a node comes from, where that says more: whether a group norm learns anything."""
    texts = {field.number: field.text for field in fields(message)}
    found = _CALL.search(texts.get(2, "")) if texts.get(1) == "pkg.torch.onnx.fx_node" else None
    return found[1] + found[2] if found else ""


def _attribute(message: memoryview) -> dict[str, Any]:
    name = ""
    value: Any = None
    wholes: list[int] = []
    decimals: list[float] = []
    for field in fields(message):
        if field.number == 1:
            name = field.text
        elif field.number == 2:
            value = _finite(field.decimal)
        elif field.number == 3:
            value = field.whole
        elif field.number == 4:
            value = field.text[:200]
        elif field.number == 5:
            value = _tensor(field.view)
        elif field.number == 7:
            decimals += [_finite(number) for number in field.decimals()]
        elif field.number == 8:
            wholes += field.wholes()
    return {name: wholes or decimals or value}

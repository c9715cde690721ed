"""What a run remembers of itself beside its spec and recipe: ``run.json``."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.words import shorten
from cnncalc.network import SpecSettings
from cnncalc.train.data_request import TASKS
from cnncalc.train.progress import is_number

SCHEMA = "cnncalc-run/1"
SPEC, DATA = "spec", "data"
"""What a run has fingerprints of."""
LEAST_DEVIATION = 1e-12
"""What pixels may be divided by: a single pixel that differs by 1/255 among 10¹² has a deviation of 4e-9."""


class RunFacts(NamedTuple):
    """What a run remembers of itself beside its spec and recipe.

    Attributes:
        spec: the spec's name, and how it is loaded.
        data: how the data were asked for, as `cnncalc.train.data.DataRequest` has it.
        data_name: the data set's name.
        classes: names of the classes, in the order of the network's outputs.
        mean, deviation: what values are normalised by, per channel; of bytes in 0..1.
        floats: whether the values are floats, as they are in the data; else they are bytes.
        images: how many are trained on.
        job: torchrun's name of the job that began it.
        versions: of Python and the packages.
        command: what was typed.
        fingerprints: of the ``spec`` and of the ``data``; a run that is older than they are has none.
        weights: what it began with, as `--weights` says it; "" where its weights were drawn.
        tested: which images every epoch is tested on, ``validation`` or ``test``; "" where there are none, and where
            the run is too old to say so.
        hardware: what it began on, for people; "" where the run is too old to say so.
        changes: what was changed when the run was continued: from which step on, and from what to what.

    """

    spec_name: str
    spec: SpecSettings
    data: Mapping[str, Any]
    data_name: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    images: int
    job: str
    versions: Mapping[str, str]
    command: tuple[str, ...]
    fingerprints: Mapping[str, str] = MappingProxyType({})
    changes: tuple[Mapping[str, Any], ...] = ()
    weights: str = ""
    tested: str = ""
    hardware: str = ""
    floats: bool = False

    @property
    def task(self) -> str:
        """What the images are learned as; runs that are older than tasks have classes."""
        task = self.data.get("task")
        return task if task in TASKS[1:] else "classes"

    @property
    def splits_by_class(self) -> bool:
        """Whether validation images are the same share of every class; in runs without fingerprints they are not."""
        return DATA in self.fingerprints


def spec_fingerprint(text: str, settings: SpecSettings) -> str:
    """Return 32 hexadecimal digits that differ where a spec's text, or how it is loaded, differs."""
    texts = settings.texts()
    loaded = [text, texts["input"], sorted(texts["parameters"].items()), texts["rounding"]]
    return hashlib.sha256(json.dumps(loaded).encode()).hexdigest()[:32]


def to_json(facts: RunFacts) -> bytes:
    """Return facts as the bytes of a JSON file; bytes in paths that are no UTF-8 stand in it as escapes."""
    data = {"schema": SCHEMA, **facts._asdict(), "spec": facts.spec.texts()}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def from_json(data: bytes) -> RunFacts:
    """Return the facts that `to_json` wrote.

    Raises:
        ValueError: where they are something else; the message says what.

    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f'it is not an object with "schema": "{SCHEMA}"')
    missing = [name for name in _FIELDS if name not in found and name not in RunFacts._field_defaults]
    if missing:
        raise ValueError(f"`{missing[0]}` is missing")
    unknown = [name for name in found if name not in (*_FIELDS, "schema")]
    if unknown:
        raise ValueError(f"`{shorten(unknown[0])}` is unknown")
    facts = RunFacts(**{name: _read(name, found[name], read) for name, read in _FIELDS.items() if name in found})
    for name in () if facts.floats else ("mean", "deviation"):
        least = LEAST_DEVIATION if name == "deviation" else 0
        if not all(least <= share <= 1 for share in getattr(facts, name)):
            raise ValueError(f"`{name}` is {shorten(json.dumps(found[name]))}")
    return facts


def _read(name: str, value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` is {shorten(json.dumps(value))}") from None


# ---- readers: each returns the value, or raises TypeError or ValueError


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _named(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _texts_by_name(value: Any) -> dict[str, str]:
    return {name: _text(text) for name, text in _named(value).items()}


def _spec_settings(value: Any) -> SpecSettings:
    texts = _named(value)
    if texts.keys() != {"input", "parameters", "rounding"}:
        raise ValueError
    for text in (texts["input"], texts["rounding"]):
        if text is not None and not isinstance(text, dict):
            _text(text)
    written = texts["input"]
    volume = _texts_by_name(written) if isinstance(written, dict) else written
    return SpecSettings.of_texts(volume, _texts_by_name(texts["parameters"]), texts["rounding"])


def _numbers_from(least: float) -> Callable[[Any], tuple[float, ...]]:
    def read(value: Any) -> tuple[float, ...]:
        if not all(is_number(number) and least <= number <= _MOST for number in _list(value)):
            raise ValueError
        return tuple(map(float, value))

    return read


_LEAST, _MOST = 1e-30, 3.5e38
"""What floats may be divided by, and more than float32 holds."""


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError
    return value


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "spec_name": _text,
    "spec": _spec_settings,
    "data": _named,
    "data_name": _text,
    "classes": _texts,
    "mean": _numbers_from(-_MOST),
    "deviation": _numbers_from(_LEAST),
    "floats": _switch,
    "images": _count,
    "job": _text,
    "versions": _texts_by_name,
    "command": _texts,
    "fingerprints": _texts_by_name,
    "weights": _text,
    "tested": _text,
    "hardware": _text,
    "changes": lambda value: tuple(map(_named, _list(value))),
}
"""How each field is read."""


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and those that a run depends on."""
    from importlib.metadata import version

    packages = ("cnncalc", "torch", "torchvision", "numpy", "safetensors")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def command_line() -> tuple[str, ...]:
    """Return what was typed to start this program."""
    return ("cnncalc", *sys.argv[1:])

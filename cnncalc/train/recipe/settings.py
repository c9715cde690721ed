"""A recipe: how a network is trained, as data. Nothing here imports torch.

Every setting is defined once, in `Recipe`: its default, what it may be and what it means. The command line's
options, the keys of a recipe file, the checks and the page of the documentation are made from that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from math import isfinite
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.precision import SPELLINGS, TRAINED
from cnncalc.optimizers import OPTIMIZERS, readers
from cnncalc.train.recipe.augmentations import augmentations_of
from cnncalc.train.recipe.parts import patterns_of, rates_of

AUTO = -1
"""What stands for ``auto`` in a setting that is a number."""


class Wrong(Exception):
    """A value that a setting does not take; says what it takes."""


class Kind(NamedTuple):
    """What a setting may be.

    Attributes:
        shown: how it is written in help: ``N``, ``sgd|adamw``.
        read: turns what is written, a text or a TOML value, into the value, or raises `Wrong`.
        written: turns the value into what a recipe file holds.
        choices: the words that it may be, where it is one of several.
    """

    shown: str
    read: Callable[[Any], Any]
    written: Callable[[Any], Any] = lambda value: value
    choices: tuple[str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether it is turned on or off, and needs no value."""
        return not self.shown.split("|")[0]


def _number(written: Any, convert: Callable[[str], float]) -> Any:
    if isinstance(written, bool):
        raise Wrong("a number")
    try:
        value = convert(str(written))
    except ValueError:
        raise Wrong("a whole number" if convert is int else "a number") from None
    if not isfinite(value):
        raise Wrong("a finite number")
    return value


def whole(least: int, most: int = 2**63 - 1, *, auto: bool = False) -> Kind:
    """Return the kind of a whole number in a range, or also ``auto``."""

    def read(written: Any) -> int:
        if auto and written == "auto":
            return AUTO
        value: int = _number(written, int)
        if not least <= value <= most:
            raise Wrong(f"a whole number of at least {least}" + (f" and at most {most}" if most < 2**31 else ""))
        return value

    return Kind("N|auto" if auto else "N", read, _auto_or_number)


def decimal(least: float, most: float = float("inf"), *, below: bool = False, auto: bool = False) -> Kind:
    """Return the kind of a number in a range, or also ``auto``; with ``below`` it stays below its most."""

    def read(written: Any) -> float:
        if auto and written == "auto":
            return AUTO
        value = float(_number(written, float))
        if value < least or value > most or (below and value == most):
            upper = "" if most == float("inf") else f" and {'below' if below else 'at most'} {most:g}"
            raise Wrong(f"a number of at least {least:g}{upper}")
        return value

    return Kind("NUMBER|auto" if auto else "NUMBER", read, _auto_or_number)


def one_of(*words: str, also: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """Return the kind of a setting that is one of several words; ``also`` has other spellings of them."""

    def read(written: Any) -> str:
        word = written.lower() if isinstance(written, str) else ""
        word = also.get(word, word)
        if word not in words:
            raise Wrong("one of " + ", ".join(words))
        return word

    return Kind("|".join(words), read, choices=words)


def _read_switch(written: Any) -> bool:
    if not isinstance(written, bool):
        raise Wrong("true or false")
    return written


def _read_parts(written: Any) -> str:
    return _names(written, patterns_of, lambda error: "names of parts, such as conv1,stage* or body")


def _read_rates(written: Any) -> str:
    text = _names(written, rates_of, lambda error: _RATES)
    for part, factor in rates_of(text):
        if not factor:
            raise Wrong(f"{_RATES}: a part that is not to learn is frozen, --freeze {part}")
        if not isfinite(factor):
            raise Wrong(_RATES)
    return text


_RATES = "parts and factors, such as head=10x"


def _read_augmentations(written: Any) -> str:
    return _names(written, augmentations_of, str)


def _names(written: Any, read: Callable[[str], object], wanted: Callable[[ValueError], str]) -> str:
    """Return a text of names as it is written; the word ``none`` means that there are none."""
    text = written if isinstance(written, str) else "="
    if text.strip().lower() == "none":
        return ""
    try:
        read(text)
    except ValueError as error:
        raise Wrong(wanted(error)) from None
    return text


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _read_duration(written: Any) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", str(written))
    if isinstance(written, float) and written >= 0:  # may be written as 1e-07
        seconds = written
    elif match is None or isinstance(written, bool):
        raise Wrong("a time such as 90s, 10m or 2h")
    else:
        seconds = float(match[1]) * _UNITS[match[2]]
    if not isfinite(seconds):
        raise Wrong("a time that ends")
    return seconds


def _auto_or_number(value: Any) -> Any:
    return "auto" if value == AUTO else value


def _read_open_switch(written: Any) -> bool | int:
    return AUTO if written == "auto" else _read_switch(written)


SWITCH = Kind("", _read_switch)
OPEN_SWITCH = Kind("|auto", _read_open_switch, _auto_or_number)
"""A switch that may be left open."""
PARTS = Kind("PARTS", _read_parts)
RATES = Kind("PART=FACTORx", _read_rates)
AUGMENTED = Kind("NAME[=N],…", _read_augmentations)
DURATION = Kind("TIME", _read_duration)


LENGTH, OPTIMIZER, RATE, TRANSFER, LOSS, IMAGES, SPEED, CHECKS = (
    "Epochs and batches",
    "Optimizer",
    "Learning rate schedule",
    "Transfer learning",
    "Regularisation",
    "Augmentation and normalisation",
    "Speed and memory",
    "Evaluation, stopping and checkpoints",
)
"""Groups of settings, as the help shows them."""


def _setting(default: Any, kind: Kind, meaning: str, group: str) -> Any:
    return field(default=default, metadata={"kind": kind, "meaning": meaning, "group": group})


SCHEDULES = ("one-cycle", "cosine", "linear", "step", "constant")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. Its defaults are the recipe ``default``.

    A batch is what one step of the optimizer sees, over all processes and all parts of an accumulated step. So
    the same recipe trains the same way on one device or on many, but for the last two batches of an epoch where the
    last one cannot be shared out. 0 turns off what is a number.
    """

    epochs: int = _setting(20, whole(1), "Number of passes over the training set.", LENGTH)
    batch: int = _setting(128, whole(1, auto=True), "Images per optimizer step; auto: the most that fit.", LENGTH)
    accumulate: int = _setting(1, whole(1), "Forward and backward passes per optimizer step.", LENGTH)

    optimizer: str = _setting("adamw", one_of(*OPTIMIZERS), "Optimizer.", OPTIMIZER)
    learning_rate: float = _setting(
        AUTO, decimal(0, auto=True), "Peak learning rate; auto: the optimizer's own.", OPTIMIZER
    )
    momentum: float = _setting(0.9, decimal(0, 1, below=True), f"{readers('momentum')}.", OPTIMIZER)
    nesterov: bool = _setting(True, SWITCH, f"{readers('nesterov')}.", OPTIMIZER)
    beta2: float = _setting(0.999, decimal(0, 1, below=True), f"{readers('beta2')}.", OPTIMIZER)
    rho: float = _setting(0.9, decimal(0, 1, below=True), f"{readers('rho')}.", OPTIMIZER)
    eps: float = _setting(1e-8, decimal(0), f"{readers('eps')}, added to the denominator.", OPTIMIZER)
    weight_decay: float = _setting(
        AUTO,
        decimal(0, auto=True),
        "Weight decay of conv and fc weights; auto: the optimizer's own.",
        OPTIMIZER,
    )

    schedule: str = _setting("one-cycle", one_of(*SCHEDULES), "Learning rate schedule.", RATE)
    warmup: float = _setting(0.0, decimal(0), "Epochs of warm-up; 0 in a one-cycle: 30% of the run.", RATE)
    step_every: int = _setting(30, whole(1), "Epochs between the drops of a step schedule.", RATE)
    step_factor: float = _setting(0.1, decimal(0, 1), "Factor of each drop of a step schedule.", RATE)

    freeze: str = _setting("", PARTS, "Parts that are not trained: names, patterns, or body.", TRANSFER)
    unfreeze: int = _setting(0, whole(0), "Epochs after which frozen parts are trained too; 0: never.", TRANSFER)
    learning_rate_of: str = _setting("", RATES, "Factors of the learning rate for parts: head=10x.", TRANSFER)

    label_smoothing: float = _setting(
        0.1, decimal(0, 1, below=True), "Label smoothing: share spread over all classes.", LOSS
    )
    auxiliary_weight: float = _setting(0.3, decimal(0), "Weight of the loss of outputs other than the main one.", LOSS)
    clip: float = _setting(0.0, decimal(0), "Gradient clipping: largest norm.", LOSS)
    ema: float = _setting(
        0.0, decimal(0, 1, below=True), "Decay of the weights' moving average, which is then tested.", LOSS
    )

    flip: str = _setting(
        "auto",
        one_of("auto", "none", "random", "alternating"),
        "Horizontal flips; auto: alternating for colour images.",
        IMAGES,
    )
    shift: int = _setting(AUTO, whole(0, auto=True), "Random shift in pixels; auto: an eighth of the image.", IMAGES)
    fill: str = _setting("zeros", one_of("zeros", "reflect"), "Padding of shifted images.", IMAGES)
    crop: float = _setting(0.0, decimal(0, 1), "Random resized crop: smallest share of the image.", IMAGES)
    cutout: int = _setting(0, whole(0), "Cutout: side of the square in pixels.", IMAGES)
    mixup: float = _setting(0.0, decimal(0), "Mixup: α of the share of two images.", IMAGES)
    cutmix: float = _setting(0.0, decimal(0), "CutMix: α of the share of two images.", IMAGES)
    augment: str = _setting("", AUGMENTED, "Augmentations of torchvision: rotation=15,colour.", IMAGES)
    balance: str = _setting(
        "none",
        one_of("none", "weights", "sampling"),
        "Rare classes: larger weight in the loss, or seen more often.",
        IMAGES,
    )
    normalise: str = _setting(
        "data",
        one_of("data", "half", "none"),
        "Normalisation: by mean and deviation, or minus 0.5.",
        IMAGES,
    )

    precision: str = _setting(
        "float32",
        one_of("auto", *TRAINED, also=SPELLINGS),
        "Precision of the arithmetic; auto: bf16 on CUDA.",
        SPEED,
    )
    speed: str = _setting(
        "auto", one_of("auto", "plain"), "Fastest way, found by timing a few steps; plain: none is timed.", SPEED
    )
    channels_last: bool | int = _setting(AUTO, OPEN_SWITCH, "Channels-last memory layout.", SPEED)
    threads: int = _setting(AUTO, whole(0, 1024, auto=True), "Threads of the CPU; 0: PyTorch's own choice.", SPEED)
    compile: bool = _setting(False, SWITCH, "Compile the model with torch.compile.", SPEED)
    checkpointing: bool = _setting(False, SWITCH, "Recompute blocks in the backward pass.", SPEED)
    deterministic: bool = _setting(False, SWITCH, "Use deterministic algorithms only.", SPEED)
    seed: int = _setting(0, whole(0, 2**63 - 1), "Random seed.", SPEED)

    validation: float = _setting(
        0.0, decimal(0, 1, below=True), "Share of the training images held out for validation.", CHECKS
    )
    folds: int = _setting(0, whole(0), "Number of folds of cross-validation.", CHECKS)
    fold: int = _setting(0, whole(0), "The fold that is held out; 0: each in turn.", CHECKS)
    views: int = _setting(1, whole(1, 6), "Test-time augmentation: 1, 2 (flipped) or 6 (shifted) views.", CHECKS)
    patience: int = _setting(0, whole(0), "Early stopping: epochs without a better accuracy.", CHECKS)
    time_limit: float = _setting(0.0, DURATION, "Time limit of a run, which can be resumed.", CHECKS)
    checkpoint_every: float = _setting(60.0, DURATION, "Time between checkpoints.", CHECKS)
    non_finite: str = _setting(
        "stop",
        one_of("stop", "rollback"),
        "NaN or infinite loss: stop, or roll back at half the rate.",
        CHECKS,
    )

    @property
    def beta1(self) -> float:
        """What Adam calls its momentum."""
        return self.momentum


class Setting(NamedTuple):
    """A setting of a recipe, for help and documentation."""

    name: str
    kind: Kind
    meaning: str
    group: str
    default: Any


def settings() -> Iterator[Setting]:
    """Go through the settings."""
    for setting in fields(Recipe):
        yield Setting(setting.name, **setting.metadata, default=setting.default)


def kind_of(setting: Field[Any]) -> Kind:
    """Return what a setting may be."""
    kind: Kind = setting.metadata["kind"]
    return kind


def key_of(name: str) -> str:
    """Return a setting's key in a recipe file, which is also its option: ``learning-rate``."""
    return name.replace("_", "-")


OLDER_KEYS = {"batch-size": "batch"}
"""Keys that older recipe files have."""


def as_values(recipe: Recipe) -> Mapping[str, Any]:
    """Return the settings of a recipe by their keys, as a recipe file writes them."""
    return {key_of(s.name): kind_of(s).written(getattr(recipe, s.name)) for s in fields(recipe)}

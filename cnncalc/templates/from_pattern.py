"""A spec from the lecture's formula: sizes are chosen, and comments say what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.loading import load
from cnncalc.templates.pattern import USUAL, PatternPart, check_letters, letters, parse_pattern
from cnncalc.templates.stages import POOLS, StageWriter

_CLASSIFIERS = ("softmax", "logsoftmax")
_WITHOUT_CONVOLUTION = 256
_LIMITS = {"n": 5, "k": 2}


class Sizes(NamedTuple):
    """What a formula does not say.

    Attributes:
        width: filters of the first stage.
        classes: outputs of the last fully connected layer, or None where nothing was said.
        kernel: height and width of a convolution's kernel.
        hidden: outputs of the other fully connected layers; None for twice the filters of the last stage.

    """

    width: int = 32
    classes: int | None = None
    kernel: int = 3
    hidden: int | None = None


def from_pattern(formula: str, volume: Volume, sizes: Sizes, numbers: Mapping[str, int]) -> str:
    """Return the text of a spec that follows a formula.

    Args:
        formula: such as ``[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX``.
        volume: the input volume.
        sizes: what the formula does not say.
        numbers: what its letters, in lower case, stand for.

    Raises:
        SpecError: for a formula that cannot be read, letters without a number, and pools that find nothing to pool.
    """
    parsed = parse_pattern(formula)
    check_letters(parsed, numbers)
    pattern, last = _with_classifier(_without_input(parsed))
    if sizes.classes is not None and last is None:
        hints = ["end it with `,FC` or `,SOFTMAX`, or leave --classes out"]
        raise SpecError("bad-argument", "the formula has no last FC for the classes", hints=hints)
    source = Source("--pattern", formula)
    writer = StageWriter(source, numbers, volume, width=sizes.width, kernel=sizes.kernel)
    layers = writer.lines(pattern, last)
    if not layers:
        raise SpecError("empty", "the formula has no layers: everything in it is repeated 0 times")
    text = "\n".join([*_head(formula, parsed, numbers), f"input {volume}", *_parameters(writer, sizes)])
    text = "\n".join([text, "", *_remarks(pattern, writer), *layers, ""])
    _check(text)
    return text


def notes(formula: str, numbers: Mapping[str, int]) -> list[str]:
    """Return what is unusual about the numbers of a formula."""
    return [
        f"{letter.upper()} is {numbers[letter]}; {USUAL[letter]}"
        for letter in letters(parse_pattern(formula))
        if numbers[letter] > _LIMITS.get(letter, numbers[letter])
    ]


def _check(text: str) -> None:
    """Refuse a formula that makes more than any spec may have."""
    try:
        load(text)
    except SpecError as error:
        message = f"the formula makes a network that is too large: {error.message}"
        raise SpecError(error.code, message, hints=["repeat it less often, or choose smaller sizes"]) from None


def _without_input(pattern: PatternPart) -> PatternPart:
    """Leave out an INPUT in front, as some write the formula."""
    first = pattern.body[0]
    body = pattern.body[1:] if first.word == "input" and not first.times else pattern.body
    for part in pattern._replace(body=body).parts():
        if part.word == "input":
            source = Source("--pattern", "")
            raise SpecError("misplaced", "INPUT stands at the beginning of a formula", source=source)
    return pattern._replace(body=body)


def _with_classifier(pattern: PatternPart) -> tuple[PatternPart, PatternPart | None]:
    """Find the fully connected layer that gives the classes; a softmax without one in front gets one."""
    body = list(pattern.body)
    end = len(body)
    while end and body[end - 1].word in _CLASSIFIERS:
        end -= 1
    if end and body[end - 1].word == "fc" and not body[end - 1].times:
        return pattern, body[end - 1]
    if end == len(body):
        return pattern, None
    last = PatternPart("fc", (), (), False, Span(body[end].span.start, body[end].span.start))
    return pattern._replace(body=(*body[:end], last, *body[end:])), last


def _head(formula: str, pattern: PatternPart, numbers: Mapping[str, int]) -> list[str]:
    """Return the comments on the formula and on its numbers."""
    known = letters(pattern)
    given = ", ".join(f"{letter.upper()}={numbers[letter]}" for letter in known)
    lines = [f"# {' '.join(formula.split())}{' with ' if given else ''}{given}"]
    usual = [USUAL[letter] for letter in known if letter in USUAL]
    return [*lines, *([f"# {'; '.join(usual)}."] if usual else [])]


def _parameters(writer: StageWriter, sizes: Sizes) -> list[str]:
    """Return the lines of the parameters, their comments below each other."""
    hidden = sizes.hidden or 2 * writer.filters or _WITHOUT_CONVOLUTION
    doubling = "; doubled where a pool halves the size" if writer.factor > 1 else ""
    known = {
        "width": (sizes.width, f"filters of the first stage, usually 16 to 64{doubling}"),
        "hidden": (hidden, "outputs of a fully connected layer in the middle, usually 64 to 4096"),
        "classes": (sizes.classes or 10, "outputs of the last layer"),
    }
    used = [(f"param {name} = {known[name][0]}", known[name][1]) for name in known if name in writer.uses]
    longest = max((len(line) for line, _ in used), default=0)
    return [f"{line:<{longest}}  # {comment}" for line, comment in used]


def _remarks(pattern: PatternPart, writer: StageWriter) -> list[str]:
    """Return comments on what the sizes do."""
    halves = any(part.word in POOLS for part in pattern.parts())
    size = "x".join(str(writer.kernel) for _ in writer.spatial)
    kernels = f"{size} kernels" if "x" in size else f"Kernels of {size}"
    keeps = f"{kernels} with stride 1 and padding keep the size" if writer.filters and writer.kernel > 1 else ""
    if keeps and halves:
        return [f"# {keeps}, and a pool with stride 2 halves it."]
    return [f"# {keeps}."] if keeps else ["# A pool with stride 2 halves the size."] if halves else []

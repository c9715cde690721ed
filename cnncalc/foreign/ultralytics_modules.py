"""The modules that rows of Ultralytics' model files name, as layers of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import gcd
from typing import Any

from cnncalc.core.source import Span
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.literals import PlacedList, whole

CBS = """block cbs(filters, size=1, stride=1, padding=size//2, groups=1)
  conv {size}x{size}x{filters} s{stride} p{padding} g{groups} nobias - bn eps=0.001 momentum=0.03 - silu
end"""
"""Ultralytics' `Conv`: a convolution, a batch norm and a SiLU."""

Made = tuple[int, int]
"""The step that makes a row's volume, and its channels."""

_BINS = 16
"""Bins of YOLOv8's distribution of a box's sides."""


class ModuleRow:
    """A row: its module, its arguments, and what arrives."""

    def __init__(self, draft: Draft, kind: str, arguments: list[Any], span: Span) -> None:
        self.draft = draft
        self.kind = kind
        self.arguments = arguments
        self.span = span
        self.repeats = 1
        self.classes = 80
        self.inputs: list[int] = []
        self.channels: list[int] = []
        self.wide: Callable[[int], int] = lambda channels: channels

    def number(self, place: int, usual: int | None = None, least: int = 1) -> int:
        """Return an argument that is a whole number."""
        value = self.arguments[place] if place < len(self.arguments) else None
        found = whole(value, usual)
        if found is None or not least <= found < 10**6:
            what = "is missing" if value is None else f"is {quoted(value)}"
            self.draft.damaged(self.span, f"argument {place + 1} of {self.kind} {what}")
        return found

    def flag(self, place: int, usual: bool) -> bool:
        """Return an argument that is true or false."""
        return bool(self.arguments[place]) if place < len(self.arguments) else usual

    @property
    def filters(self) -> int:
        """The first argument, times the factor of the width."""
        return self.wide(self.number(0))

    def add(self, layers: str | list[str], channels: int) -> Made:
        """Add layers on what arrives, as often as the row says."""
        written = [layers] if isinstance(layers, str) else layers
        repeated = written * self.repeats if self.repeats <= 100 else written
        return self.draft.add(repeated, self.span, self.inputs[:1]), channels


def _cbs(filters: int, size: int = 1, stride: int = 1, padding: int | None = None, groups: int = 1) -> str:
    more = [f"{size}"] if size != 1 else []
    more += [f"stride={stride}"] if stride != 1 else []
    more += [f"padding={padding}"] if padding not in (None, size // 2) else []
    more += [f"groups={groups}"] if groups != 1 else []
    return f"cbs({', '.join([str(filters), *more])})"


def _conv(row: ModuleRow) -> Made:
    size, stride = row.number(1, 1), row.number(2, 1)
    padding = row.number(3, size // 2, least=0)
    return row.add(_cbs(row.filters, size, stride, padding, row.number(4, 1)), row.filters)


def _depthwise(row: ModuleRow) -> Made:
    groups = gcd(row.channels[0], row.filters)
    return row.add(_cbs(row.filters, row.number(1, 1), row.number(2, 1), None, groups), row.filters)


def _bottleneck(filters: int, first: int, shortcut: bool, groups: int = 1) -> str:
    path = f"{_cbs(filters, first)} - {_cbs(filters, 3, groups=groups)}"
    return f"add( {path} | )" if shortcut else path


def _single_bottleneck(row: ModuleRow) -> Made:
    filters = row.filters
    path = f"{_cbs(filters // 2)} - {_cbs(filters, 3)}"
    return row.add(f"add( {path} | )" if row.flag(1, True) and row.channels[0] == filters else path, filters)


def _repeated(text: str, times: int) -> str:
    return text if times == 1 else f"({text})*{times}"


def _c3(row: ModuleRow) -> Made:
    filters, hidden = row.filters, row.filters // 2
    chain = _repeated(_bottleneck(hidden, 1, row.flag(1, True)), row.repeats)
    row.repeats = 1
    return row.add([f"concat( {_cbs(hidden)} - {chain} | {_cbs(hidden)} )", _cbs(filters)], filters)


def _csp(row: ModuleRow) -> Made:
    filters, hidden = row.filters, row.filters // 2
    chain = _repeated(_bottleneck(hidden, 1, row.flag(1, True)), row.repeats)
    plain, row.repeats = f"conv 1x1x{hidden} nobias", 1
    merge = f"concat( {_cbs(hidden)} - {chain} - {plain} | {plain} )"
    return row.add([merge, "bn eps=0.001 momentum=0.03", "silu", _cbs(filters)], filters)


def _c2f(row: ModuleRow) -> Made:
    """Read a split whose second half goes through bottlenecks; the result of each is kept."""
    filters, hidden, times = row.filters, row.filters // 2, row.repeats
    if times > 20:
        row.draft.refuse(row.span, "over 20 bottlenecks in a C2f are not read")
    one = _bottleneck(hidden, 3, row.flag(1, False))
    grown = one
    for _ in range(times - 1):
        grown = f"{one} - concat( | {grown} )"
    row.repeats = 1
    return row.add([_cbs(2 * hidden), f"concat( | slice {{C/2}}:{{C}} - {grown} )", _cbs(filters)], filters)


def _sppf(row: ModuleRow) -> Made:
    filters, hidden, size = row.filters, row.channels[0] // 2, row.number(1, 5)
    pool = f"maxpool {size}x{size} s1 p{size // 2}"
    grown = f"concat( | {pool} - concat( | {pool} - concat( | {pool} ) ) )"
    return row.add([_cbs(hidden), grown, _cbs(filters)], filters)


def _spp(row: ModuleRow) -> Made:
    filters, hidden = row.filters, row.channels[0] // 2
    sizes = row.arguments[1] if len(row.arguments) > 1 else PlacedList([5, 9, 13])
    numbers = [whole(size) for size in sizes] if isinstance(sizes, PlacedList) else []
    if not numbers or any(size is None or not 1 <= size < 1000 for size in numbers):
        row.draft.damaged(row.span, "the second argument of SPP is a list of sizes")
    pools = " | ".join(f"maxpool {size}x{size} s1 p{int(size or 1) // 2}" for size in numbers)
    return row.add([_cbs(hidden), f"concat( | {pools} )", _cbs(filters)], filters)


def _focus(row: ModuleRow) -> Made:
    return row.add(["pixelunshuffle 2", _cbs(row.filters, row.number(1, 1), row.number(2, 1))], row.filters)


def _ghost(row: ModuleRow) -> Made:
    half = row.filters // 2
    size, stride = row.number(1, 1), row.number(2, 1)
    return row.add([_cbs(half, size, stride), f"concat( | {_cbs(half, 5, groups=half)} )"], row.filters)


def _concat(row: ModuleRow) -> Made:
    if row.arguments[:1] not in ([], [1]):
        row.draft.refuse(row.span, "only channels are concatenated, along axis 1")
    return row.draft.join("concat", row.inputs, row.span), sum(row.channels)


def _upsample(row: ModuleRow) -> Made:
    mode = row.arguments[2] if len(row.arguments) > 2 else "nearest"
    if mode not in ("nearest", "bilinear"):
        row.draft.refuse(row.span, f"the mode of an upsample is nearest or bilinear, not {quoted(mode)}")
    factor = row.number(1)
    return row.add(f"upsample x{factor}{' bilinear' if mode == 'bilinear' else ''}", row.channels[0])


def _plain(row: ModuleRow) -> Made:
    """Read nn.Conv2d."""
    size = row.number(1, 1)
    options = f" s{row.number(2, 1)} p{row.number(3, 0, least=0)}"
    return row.add(f"conv {size}x{size}x{row.number(0)}{options}", row.number(0))


def _transposed(row: ModuleRow) -> Made:
    """Read nn.ConvTranspose2d."""
    size, filters = row.number(1), row.filters
    return row.add(f"deconv {size}x{size}x{filters} s{row.number(2, 1)} p{row.number(3, 0, least=0)}", filters)


def _max_pool(row: ModuleRow) -> Made:
    size = row.number(0)
    return row.add(f"maxpool {size}x{size} s{row.number(1, size)} p{row.number(2, 0, least=0)}", row.channels[0])


def _classify(row: ModuleRow) -> Made:
    classes = row.number(0)
    return row.add([_cbs(1280), "gap", f"fc {classes}"], classes)


MODULES: Mapping[str, Callable[[ModuleRow], Made]] = {
    "Conv": _conv,
    "DWConv": _depthwise,
    "Bottleneck": _single_bottleneck,
    "BottleneckCSP": _csp,
    "C3": _c3,
    "C2f": _c2f,
    "SPP": _spp,
    "SPPF": _sppf,
    "Focus": _focus,
    "GhostConv": _ghost,
    "Concat": _concat,
    "nn.Upsample": _upsample,
    "nn.Conv2d": _plain,
    "nn.ConvTranspose2d": _transposed,
    "nn.MaxPool2d": _max_pool,
    "nn.Identity": lambda row: (row.inputs[0], row.channels[0]),
    "Classify": _classify,
}


def _detect(row: ModuleRow, anchors: Any) -> list[int]:
    """Read the heads of a detector: with anchors as YOLOv5 has them, without as YOLOv8."""
    if len(row.arguments) > 1 or anchors is not None:
        return _with_anchors(row, anchors)
    first, classes = row.channels[0], row.number(0)
    box, kind = max(16, first // 4, 4 * _BINS), max(first, min(classes, 100))
    sides = f"{_cbs(box, 3)} - {_cbs(box, 3)} - conv 1x1x{4 * _BINS}"
    scores = f"{_cbs(kind, 3)} - {_cbs(kind, 3)} - conv 1x1x{classes}"
    return [_output(row, f"concat( {sides} | {scores} )", index) for index in row.inputs]


def _with_anchors(row: ModuleRow, anchors: Any) -> list[int]:
    if isinstance(anchors, PlacedList) and anchors and isinstance(anchors[0], PlacedList):
        count = len(anchors[0]) // 2
    else:
        count = whole(anchors, 3) or 3
    return [_output(row, f"conv 1x1x{count * (row.number(0) + 5)}", index) for index in row.inputs]


def _output(row: ModuleRow, layers: str, index: int) -> int:
    return row.draft.add(layers, row.span, [index], name="detect", remark=row.kind)


HEADS: Mapping[str, Callable[[ModuleRow, Any], list[int]]] = {"Detect": _detect}

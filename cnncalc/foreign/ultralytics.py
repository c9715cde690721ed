"""Model files of Ultralytics' YOLO: rows of a backbone and a head, scaled in depth and width."""

from __future__ import annotations

import math
import re
from typing import Any

from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, listed
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.literals import PlacedList, PlacedTable, whole
from cnncalc.foreign.ultralytics_modules import CBS, HEADS, MODULES, ModuleRow
from cnncalc.foreign.yaml_rows import yaml_table

_MARKS = re.compile(r"^(?:backbone|head)[^\S\n]*:[^\S\n]*(?:#[^\n]*)?$", re.MULTILINE)
_SCALE = re.compile(r"yolo(?:v?\d+)?([nsmlxcebt])(?:[-_.][\w-]+)?\.ya?ml$", re.IGNORECASE)


class UltralyticsModel(ForeignFormat):
    """``backbone:`` and ``head:`` with rows of ``[from, repeats, module, args]``, as YOLOv5 and YOLOv8 have them."""

    what = "a model file of Ultralytics"

    def recognises(self, source: Source) -> bool:
        return _MARKS.search(source.text[:50_000]) is not None

    def read(self, draft: Draft) -> None:
        draft.names_all = False
        table = yaml_table(draft.source)
        _Model(draft, table).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this model has no rows")


class _Model:
    def __init__(self, draft: Draft, table: PlacedTable) -> None:
        self.draft = draft
        self.table = table
        self.depth, self.width, self.most = self.scale()
        self.classes = self.whole("nc", 80)
        self.made: list[int] = []
        self.channels: list[int] = []
        self.incoming = self.whole("ch", 3)
        draft.like = f"HxWx{self.incoming}, 640x640x{self.incoming} by default"

    def whole(self, name: str, usual: int) -> int:
        found = whole(self.table.get(name), usual)
        if found is None or not 0 < found < 10**6:
            self.draft.damaged(self.place(name), f"{name} is {quoted(self.table[name])}, not a number of channels")
        return found

    def place(self, name: str) -> Span:
        match = re.search(rf"^{name}\s*:[^\n]*", self.draft.source.text, re.MULTILINE)
        return Span.of(match) if match else Span(0, 1)

    def scale(self) -> tuple[float, float, float]:
        """Return the factors of depth and width, and the most channels."""
        scales = self.table.get("scales")
        if isinstance(scales, PlacedTable) and scales:
            written = _SCALE.search(self.draft.source.name)
            wanted = str(self.table.get("scale") or (written[1].lower() if written else ""))
            if wanted not in scales:
                wanted = next(iter(scales))
                self.draft.remarks.append(f"scale {wanted} of {listed(scales)}: name the file yolov8s.yaml for scale s")
            numbers = scales[wanted]
        else:
            numbers = PlacedList([self.table.get("depth_multiple", 1.0), self.table.get("width_multiple", 1.0)])
        factors = list(numbers) if isinstance(numbers, PlacedList) else []
        if len(factors) not in (2, 3) or any(
            isinstance(each, bool) or not isinstance(each, int | float) for each in factors
        ):
            self.draft.damaged(self.place("scales"), "a scale is the factors of depth and width, and the most channels")
        depth, width, *most = [float(each) for each in factors]
        if not (0 < depth <= 100 and 0 < width <= 100):
            self.draft.damaged(self.place("scales"), "the factors of depth and width are between 0 and 100")
        return depth, width, most[0] if most else math.inf

    def read(self) -> None:
        rows: list[Any] = []
        for part in ("backbone", "head"):
            found = self.table.get(part)
            if found is not None and not isinstance(found, PlacedList):
                self.draft.damaged(self.place(part), f"the {part} is a list of rows")
            rows += found or []
        for row in rows:
            self.row(row)
        used = {name for step in self.draft.steps for layer in step.layers for name in re.findall(r"\bcbs\b", layer)}
        self.draft.blocks = [CBS] if used else []
        if self.draft.outputs == [self.draft.last]:
            self.draft.outputs = []

    def row(self, row: Any) -> None:
        """Read [from, repeats, module, args]."""
        number = len(self.made)
        if not isinstance(row, PlacedList) or len(row) != 4 or not isinstance(row[3], PlacedList):
            span = row.span if isinstance(row, PlacedList) else Span(0, 1)
            self.draft.damaged(span, "a row is [from, repeats, module, args]")
        inputs, repeats, kind = row[0], whole(row[1]), str(row[2])
        if repeats is None or not 1 <= repeats <= 1000:
            self.draft.damaged(row.span, f"the repeats are a whole number from 1 to 1000, not {quoted(row[1])}")
        taken = [self.at(each, number, row) for each in (inputs if isinstance(inputs, PlacedList) else [inputs])]
        repeats = max(round(repeats * self.depth), 1) if repeats > 1 else repeats
        read = ModuleRow(self.draft, kind, [self.argument(each) for each in row[3]], row.span)
        read.repeats, read.classes = repeats, self.classes
        read.inputs = [self.made[each] if each >= 0 else 0 for each in taken]
        read.channels = [self.channels[each] if each >= 0 else self.incoming for each in taken]
        read.wide = self.wide
        before = self.draft.last
        if kind in HEADS:
            self.draft.outputs = HEADS[kind](read, self.table.get("anchors"))
            made, channels = self.draft.last, 0
        elif kind in MODULES:
            made, channels = MODULES[kind](read)
        else:
            hints = did_you_mean(kind, [*MODULES, *HEADS])
            self.draft.refuse(row.span, f"a spec has no word for the module {quoted(kind)}", hints=hints)
        self.made.append(made)
        self.channels.append(channels)
        if self.draft.last > before and kind not in HEADS:
            self.draft.amend(name=f"layer{number}", remark=f"{number} {kind}")

    def at(self, written: Any, number: int, row: PlacedList) -> int:
        """Return the row that is meant, counted from here or from the first; −1 for the input."""
        found = whole(written)
        index = None if found is None else number + found if found < 0 else found
        if index is None or not -1 <= index < number or (index == -1 and number > 0):
            self.draft.damaged(row.span, f"there is no row {quoted(written)} in front of row {number}")
        return index

    def argument(self, value: Any) -> Any:
        names = {"nc": self.classes, "anchors": self.table.get("anchors")}
        return names.get(value, value) if isinstance(value, str) else value

    def wide(self, channels: int) -> int:
        """Return channels times the factor of the width, up to a number that 8 divides."""
        if channels == self.classes:
            return channels
        return max(8, math.ceil(min(channels, self.most) * self.width / 8) * 8)

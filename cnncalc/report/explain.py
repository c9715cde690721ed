"""The report of ``cnncalc explain``: the worked solution of one layer or of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.arithmetic import ArithmeticStep, WorkedSolution
from cnncalc.analysis.backward import backward_counts, backward_total
from cnncalc.analysis.explained import Explanation, explained
from cnncalc.analysis.neurons import neurons_total
from cnncalc.core.cleaning import terminal_width
from cnncalc.network import Operation
from cnncalc.report.json_form import GAP, Filled, Form
from cnncalc.report.korean import TITLES, in_korean, step_in_korean
from cnncalc.report.latex_align import align_pieces
from cnncalc.report.report import Report
from cnncalc.report.schema import SCHEMA, conventions, input_data
from cnncalc.report.table import Blocks, Column, RowBlock, Table


class Explained(NamedTuple):
    """What is explained, and how.

    Attributes:
        counts: what was counted.
        chosen: the layers.
        more: what is said beside the usual.
        language: ``en`` or ``ko``.

    """

    counts: Counts
    chosen: Sequence[LayerCounts]
    more: Explanation = Explanation()
    language: str = "en"

    def solutions(self, *, translated: bool = True) -> Iterator[WorkedSolution]:
        """Yield the worked solutions, each made when it is asked for; programs read them in English."""
        found = explained(self.counts, self.chosen, self.more)
        return map(in_korean, found) if translated and self.language == "ko" else found

    def totals(self) -> list[ArithmeticStep]:
        """Return the sums of neurons and of the backward pass, where all layers are explained with them."""
        if len(self.chosen) < len(self.counts.rows):
            return []
        network = self.counts.network
        found = [neurons_total(network) if self.more.detail else None]
        found += [backward_total(network) if self.more.backward else None]
        steps = [step for step in found if step is not None]
        return [step_in_korean(step) for step in steps] if self.language == "ko" else steps


def explain_report(what: Explained) -> Report:
    """Make the report for the chosen layers; each is worked out when it is written."""
    titles = TITLES if what.language == "ko" else {}
    columns = (
        Column("name", titles.get("name", "name"), shared=True),
        Column("quantity", titles.get("quantity", "quantity"), shared=True),
        Column("sum", titles.get("sum", "sum"), rank=1, shared=True),
        Column("result", titles.get("result", "result"), shared=True),
    )
    return Report(
        Table(columns, Blocks(lambda: _blocks(what.solutions()))),
        lambda: _data(what),
        draw=lambda width: _drawings(what, width),
        latex=lambda: align_pieces(what.solutions()),
    )


def _blocks(solutions: Iterable[WorkedSolution]) -> Iterator[RowBlock]:
    for solution in solutions:
        yield RowBlock(solution.row.node.name, solution.first, solution.field, solution.last)


def _drawings(what: Explained, width: int) -> Iterator[str]:
    """Yield the layers, with an empty line between two; what layers that are alike share is drawn once."""
    known: dict[tuple[Operation, tuple[str, ...]], tuple[int, str, str]] = {}
    between = ""
    for solution in what.solutions():
        node, field = solution.row.node, solution.field
        key = node.operation, tuple([step.quantity for step in field])
        shared = known.get(key)
        if shared is None:
            margin = max([terminal_width(step.quantity) for step in solution.steps])
            first = f"{node.written}\n{_drawn(solution.first, margin, width)}"
            shared = known[key] = margin, first, _drawn(solution.last, margin, width)
        margin, first, last = shared
        yield f"{between}{node.name}: {first}{_drawn(field, margin, width)}{last}"
        between = "\n"
    totals = what.totals()
    yield from ["\n"] if totals else []
    for total in totals:
        yield from [line + "\n" for line in _wrapped(f"{total.quantity}: {total}", width)]
    if what.more.detail:
        yield "\n" + _legend(what.language, width)


LEAST_BESIDE = 20
"""Cells of a terminal that a sum takes beside its quantity at least."""

LEGEND = {
    "en": "W height or width of the input, W′ of the output, F of the kernel, P padding, S stride, D dilation, "
    "C input channels, K filters, G groups, OP output padding, u number of a unit from 0 on",
    "ko": "W 입력의 높이나 너비, W′ 출력의 크기, F 커널의 크기, P 패딩, S 스트라이드, D 팽창률, "
    "C 입력 채널 수, K 필터 수, G 그룹 수, OP 출력 패딩, u 0부터 센 유닛",
}
"""What the letters of formulas stand for, by the language."""


def _legend(language: str, width: int) -> str:
    return "".join([line + "\n" for line in _wrapped(LEGEND[language], min(width, 100))])


def _drawn(steps: list[ArithmeticStep], margin: int, width: int) -> str:
    """Draw some steps, whose quantities take a margin; where that leaves too little, each has a line of its own."""
    beside, lines = width - margin - 4, []
    for step in steps:
        if beside < LEAST_BESIDE:
            pieces = _wrapped(str(step), width - 4)
            lines.extend([f"  {step.quantity}\n", *[f"    {piece}\n" for piece in pieces]])
            continue
        pieces = _wrapped(str(step), beside)
        blanks = " " * (margin - terminal_width(step.quantity))
        lines.append(f"  {step.quantity}{blanks}  {pieces[0]}\n")
        lines.extend(" " * (margin + 4) + piece + "\n" for piece in pieces[1:])
    return "".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text between words into lines of so many cells of a terminal, of which Korean letters take two."""
    if terminal_width(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and terminal_width(longer) > max(LEAST_BESIDE, width):
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _data(what: Explained) -> dict[str, Any]:
    counts = what.counts
    return {
        "schema": SCHEMA,
        "spec": counts.network.source.name,
        **input_data(counts.network),
        "conventions": conventions(counts),
        "layers": _layers(what),
        **({"backward": list(_backward_data(counts))} if what.more.backward else {}),
    }


def _backward_data(counts: Counts) -> Iterator[dict[str, Any]]:
    for found in backward_counts(counts.network):
        yield {"name": found.node.name, **{key: value for key, value in found._asdict().items() if key != "node"}}


def _layers(what: Explained) -> Iterator[Filled]:
    forms: dict[tuple[Operation, tuple[str, ...]], Form] = {}
    for solution in what.solutions(translated=False):
        row, _, field, _ = solution
        key = row.node.operation, tuple([step.quantity for step in field])
        if key not in forms:
            forms[key] = _form(solution)
        sums = [text for step in field for text in (step.sum, step.result)]
        yield Filled(forms[key], [row.node.index, row.node.name, row.line, *sums])


def _form(solution: WorkedSolution) -> Form:
    """Return a layer with gaps for what those that are alike do not share."""
    field = [{"quantity": step.quantity, "sum": GAP, "result": GAP} for step in solution.field]
    first, last = [[step._asdict() for step in steps] for steps in (solution.first, solution.last)]
    layer = solution.row.node.written
    return Form({"index": GAP, "name": GAP, "line": GAP, "layer": layer, "steps": [*first, *field, *last]})

"""Claims that a spec makes about itself, and whether they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnncalc.core.errors import Note, SpecError
from cnncalc.core.numbers import counted
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.layers.wanted import may_have_filters, settings_for
from cnncalc.network.node import Operation
from cnncalc.spec import tree


def check_claim(source: Source, span: Span, claimed: Volume, output: Volume, made_by: Operation | None = None) -> None:
    """Make sure that a volume is the one claimed; ``=> 10`` claims a vector of 10. ``made_by`` is what made it."""
    if claimed == output or (len(claimed) == 1 and output == output.vector(claimed[0])):
        return
    makes = _remedies(made_by, claimed, output) if made_by else []
    raise SpecError(
        "claim-failed",
        f"the volume here is {output}, not {claimed} as claimed",
        span=span,
        source=source,
        hints=[*makes, f"write `=> {output}` if that is what you mean"],
    )


def _remedies(made_by: Operation, claimed: Volume, output: Volume) -> list[str]:
    """Say with which setting what made a volume would make the one that is claimed."""
    if claimed.spatial == output.spatial:
        wanted = counted(claimed.channels, "filter")
        return [f"with {wanted} it is {claimed}"] if may_have_filters(made_by.layer, claimed.channels) else []
    changes = settings_for(made_by.layer, made_by.sources[0], claimed)
    sizes = "x".join(map(str, claimed.spatial))
    return [f"`{made_by.written}` makes {sizes} with {' or with '.join(changes)}"] if changes else []


def check_stated(source: Source, stated: Iterable[tree.Stated], output: Volume, weights: int, biases: int) -> None:
    """Make sure that the numbers in a row of the lecture's table hold, to the digits they show."""
    for number in stated:
        if number.quantity == "memory":
            _check_number(source, number, "values", [output.values])
        else:
            _check_number(source, number, "parameters", [weights + biases, weights])


def check_totals(
    source: Source, totals: Sequence[tree.Stated], volumes: Sequence[Volume], operations: Sequence[Operation]
) -> Iterator[Note]:
    """Check the totals that a table states; a wrong sum of the memory is a note, as the lecture has one."""
    values = sum([volume.values for volume in volumes])
    weights = sum([operation.weights for operation in operations])
    biases = sum([operation.biases for operation in operations])
    for number in totals:
        if number.quantity == "memory":
            if not _holds(number, values):
                message = f"the table's total of {number.value:,} values is not the sum of its rows, {values:,}"
                yield Note("wrong-total", message, number.span)
        else:
            _check_number(source, number, "parameters", [weights + biases, weights], "the table", "the network")


def unread_totals(rows: Iterable[Span]) -> Iterator[Note]:
    """Yield notes on the totals that cannot be checked."""
    for row in rows:
        yield Note("not-checked", "the number of this total could not be read, so it is not checked", row)


def _check_number(
    source: Source,
    number: tree.Stated,
    what: str,
    counted: list[int],
    stating: str = "the row",
    counting: str = "the layer",
) -> None:
    if any(_holds(number, value) for value in counted):
        return
    with_and_without = f" ({counted[1]:,} without biases)" if len(set(counted)) > 1 else ""
    raise SpecError(
        "claim-failed",
        f"{stating} states {number.value:,} {what}, but {counting} has {counted[0]:,}{with_and_without}",
        span=number.span,
        source=source,
    )


def _holds(number: tree.Stated, counted: int) -> bool:
    """Say whether a stated number is a counted one, rounded or cut off at its last digit."""
    return abs(number.value - counted) * 2 <= number.unit or number.value == counted // number.unit * number.unit

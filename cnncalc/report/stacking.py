"""A table that is too wide for a terminal, as several tables one below the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.report.table import Table


def stacked(table: Table, width: int) -> Iterator[Table]:
    """Yield a table whose columns stand in blocks as tables that fit, with as many whole blocks each as find room.

    Columns of no block stand in every table. A table without blocks, or one that fits, is yielded as it is; a block
    that is too wide alone has a table of its own, which is for `Table.fitted` to narrow.
    """
    people = [place for place, column in enumerate(table.columns) if column.people]
    blocks = list(dict.fromkeys([block for place in people if (block := table.columns[place].block) is not None]))
    if len(blocks) < 2 or table.for_people().needed() <= width:
        yield table
        return
    narrow = table.narrowed()
    widths = narrow.widths()

    def places(chosen: Iterable[int]) -> list[int]:
        return [place for place in people if table.columns[place].block in (None, *chosen)]

    def fits(chosen: Iterable[int]) -> bool:
        kept = places(chosen)
        return sum([widths[place] for place in kept]) + narrow.gap * (len(kept) - 1) <= width

    chosen: list[int] = []
    for block in blocks:
        if chosen and not fits([*chosen, block]):
            yield table.only(places(chosen))
            chosen = []
        chosen.append(block)
    yield table.only(places(chosen))

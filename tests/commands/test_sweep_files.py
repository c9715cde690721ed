"""``cnncalc sweep`` into a file: what stands in it, and what is said of it. The oracle is loading each design."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cnncalc as library
from tests.commands.conftest import Cnncalc
from tests.commands.test_sweep import DESIGNS, NET, VARIED, loaded


def test_a_file_has_the_designs_of_the_front_marked_and_sizes_as_they_are_written(
    cnncalc: Cnncalc, tmp_path: Path
) -> None:
    """In a CSV file: no other design has fewer MACs and more parameters than those that are marked."""
    target = tmp_path / "designs.csv"
    arguments = (*VARIED, "--pareto", "macs,params", "--show", "field", "-o", str(target))
    assert cnncalc("sweep", NET, *arguments).status == 0
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    points = [(int(row["macs"]), int(row["params"])) for row in rows]
    for row, (macs, params) in zip(rows, points, strict=True):
        beaten = any(m <= macs and p >= params and (m, p) != (macs, params) for m, p in points)
        first = points.index((macs, params)) == rows.index(row)  # of equal ones the first stays
        assert row["front"] == ("yes" if first and not beaten else "no")
        field = 1 + 2 * int(row["depth"]) + 1 + 2 * 2 * int(row["depth"])
        assert row["field"] == f"{field}x{field}"


def test_a_sweep_into_a_file_says_what_it_found(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """A CSV file has no room for that, and a status of 1 alone says too little."""
    target = str(tmp_path / "designs.csv")
    found = cnncalc("sweep", NET, "--vary", "width=4,8", "--where", "params < 800", "-o", target)
    assert (found.status, found.out) == (0, "")
    assert found.err == (
        "designs  2 designs counted; 1 satisfy params < 800\n"
        "first    width=4\n"
        'see it   cnncalc shapes "…" --set width=4\n'
    )
    quiet = cnncalc("sweep", NET, "--vary", "width=4,8", "--where", "params < 800", "-o", target, "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    nothing = cnncalc("sweep", NET, "--vary", "width=4,8", "--where", "params < 10", "-o", target, "--quiet")
    assert (nothing.status, nothing.out) == (1, "")
    assert nothing.err == (
        "designs  2 designs counted; 0 satisfy params < 10\n"
        "no design satisfies all conditions; the table shows by how little they would have to be relaxed\n"
    )


def test_a_condition_may_begin_with_its_number(cnncalc: Cnncalc) -> None:
    """What would be relaxed is the number, wherever it stands."""
    done = cnncalc("sweep", NET, "--vary", "width=4,8", "--where", "900 < params < 1K and 1M >= macs")
    few, many = (library.load(NET, params={"width": width}).params for width in (4, 8))
    assert few < 900 < 1000 < many
    assert done.out.splitlines()[2:4] == [
        f"900 < params   params >= {few}     {100 * (900 - few) / 900:.3g}%   width=4",
        f"params < 1K    params <= {many:,}   {100 * (many - 1000) / 1000:.3g}%   width=8",
    ]


def test_the_picture_of_a_front(cnncalc: Cnncalc, tmp_path: Path) -> None:
    target = tmp_path / "front.svg"
    assert cnncalc("sweep", NET, *VARIED, "--pareto", "macs,params", "--plot", str(target)).status == 0
    assert "designs that no other beats" in target.read_text()


def test_the_page(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Every design is a row with its numbers, the front is drawn, and nothing is taken from elsewhere."""
    target = tmp_path / "designs.html"
    assert cnncalc("sweep", NET, *VARIED, "--pareto", "macs,params", "-o", str(target)).status == 0
    page = target.read_text()
    loading = [found for found in (loaded(*design) for design in DESIGNS) if not isinstance(found, str)]
    assert page.count("<tr>") == 1 + len(loading)
    for network in loading:
        assert f'<td data-value="{network.params}">{network.params:,}</td>' in page
    assert "designs that no other beats" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")

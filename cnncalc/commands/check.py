"""``cnncalc check``"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cnncalc.checking import CheckedSpec, check_spec
from cnncalc.commands.options import spec_options, take_spec_options
from cnncalc.commands.replacing import check_output, refuse_replacing
from cnncalc.commands.spec_files import spec_files, texts_passed_over
from cnncalc.core.words import listed
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.report.check import FORMS, Finding, of_error, of_note


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option(
    "--format", "form", type=click.Choice(list(FORMS)), default="text", show_default=True, help="Output format."
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Output file. [default: the terminal]"
)
@spec_options
def check(files: tuple[str, ...], form: str, output: str | None, **options: Any) -> None:
    """Check specs for CI and editors: the status is 1 where one of them has a fault.

    FILE is a spec, a folder with specs, or - for standard input. All files are checked; of each, the faults that do not
    follow from one another are shown. github writes annotations, which GitHub shows beside the lines of a pull
    request, and sarif what code scanning reads.

    \b
    Examples:
      cnncalc check specs
      cnncalc check net.txt --input 32x32x3
      cnncalc check specs --format github
      cnncalc check specs --format sarif -o cnncalc.sarif
    """
    settings = take_spec_options(options)
    paths = spec_files(files)
    for path in paths:
        refuse_replacing(path, output, "a spec that is checked")
    check_output(output)
    if others := texts_passed_over(files):
        texts = "text was not checked, since it has" if len(others) == 1 else "texts were not checked, since they have"
        complain(f"note: {len(others):,} {texts} no line that begins with `input`: {listed(others, limit=3)}")
    checked = [check_spec(path if path == "-" else Path(path), settings) for path in paths]
    findings = [finding for one in checked for finding in _findings(one)]
    text = FORMS[form](findings, [one.name for one in checked])
    if output is None:
        write_stream(text, sys.stdout)
    else:
        write_file(text, output)
    if any(one.faults for one in checked):
        raise click.exceptions.Exit(1)


def _findings(checked: CheckedSpec) -> list[Finding]:
    name = "standard input" if checked.name == "-" else checked.name
    faults = [of_error(name, fault) for fault in checked.faults]
    if checked.network is None:
        return faults
    return [of_note(name, note, checked.network.source) for note in checked.notes]

"""``cnncalc format``"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

import click

from cnncalc import zoo
from cnncalc.commands.spec_files import spec_files
from cnncalc.core.errors import CnncalcError
from cnncalc.core.source import Source
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.formatting import format_text
from cnncalc.loading import read_source
from cnncalc.report.diagnostics import draw_error


class _File(NamedTuple):
    """A spec as it is, and as it is formatted."""

    source: Source
    text: str

    @property
    def changes(self) -> bool:
        """Whether formatting changes it; the kind of its line ends stays."""
        return self.source.text != self.text

    def difference(self) -> Iterator[str]:
        """Yield the lines of a unified diff."""
        before, after = (_lines(text) for text in (self.source.text, self.text))
        name = self.source.name
        return unified_diff(before, after, f"{name} as it is", f"{name} formatted")


@click.command("format")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; the status is 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing, and show what would change.")
def format(files: tuple[str, ...], check: bool, diff: bool) -> None:  # noqa: A001
    """Format specs: one way to write separators, spaces and indents.

    FILE is a spec, a folder with specs, or - for standard input, which goes to standard output. Layers are joined
    by ` - `, what stands in brackets or in a block is indented, claims and comments are put below each other.
    Comments, blank lines and the lines themselves stay. The network is the same before and after.

    \b
    Examples:
      cnncalc format net.txt
      cnncalc format specs --check
      cnncalc format net.txt --diff
    """
    if "-" in files and len(files) > 1:
        raise click.UsageError("- stands alone: standard input goes to standard output")
    done, faults = _formatted(spec_files(files))
    changed = [file for file in done if file.changes]
    if diff:
        write_stream("".join(line for file in changed for line in file.difference()), sys.stdout)
    if not (check or diff):
        _write(done, changed, to_stream="-" in files)
    for fault in faults:
        complain(draw_error(fault))
    _tell(changed, len(done), len(faults), written=not (check or diff), quiet="-" in files)
    if faults or (check and changed):
        raise click.exceptions.Exit(1)


def _formatted(paths: Iterable[str]) -> tuple[list[_File], list[CnncalcError]]:
    """Format every file, and collect what is wrong with those that cannot be."""
    results = [_attempt(path) for path in paths]
    faults = [result for result in results if isinstance(result, CnncalcError)]
    return [result for result in results if isinstance(result, _File)], faults


def _attempt(path: str) -> _File | CnncalcError:
    try:
        source = read_source(path if path == "-" else Path(path))
        text = format_text(source, zoo.blocks)
    except CnncalcError as fault:
        return fault
    return _File(source, text.replace("\n", "\r\n") if "\r\n" in source.text else text)


def _write(done: list[_File], changed: list[_File], *, to_stream: bool) -> None:
    if to_stream:
        write_stream("".join(file.text for file in done), sys.stdout)
        return
    for file in changed:
        write_file(file.text, file.source.name)


def _tell(changed: list[_File], count: int, faults: int, *, written: bool, quiet: bool) -> None:
    """Say on standard error what was done, or would be."""
    if quiet:
        return
    for file in changed:
        complain(f"{'formatted' if written else 'would be formatted'}: {shorten_path(file.source.name)}")
    verb = "would be" if not written else "was" if len(changed) == 1 else "were"
    said = [f"{len(changed)} {verb} formatted" if changed else ""]
    said += [f"{count - len(changed)} already formatted" if count > len(changed) else ""]
    said += [f"{faults} cannot be read" if faults else ""]
    total = count + faults
    complain(f"{total} {'file' if total == 1 else 'files'}: {', '.join(part for part in said if part)}")


def _lines(text: str) -> list[str]:
    """Return the lines of a text, each with a line end, as a diff shows them."""
    lines = text.replace("\r\n", "\n").splitlines(keepends=True)
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]

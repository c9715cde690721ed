"""``cnncalc playground``"""

from __future__ import annotations

import os
import shlex
import sys

import click

from cnncalc import __version__
from cnncalc.core.cleaning import printable
from cnncalc.core.errors import WriteError
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_stream


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--serve", is_flag=True, help="Serve the page at 127.0.0.1 until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="Port of the page. [default: 8766, or one that is free]"
)
@click.option(
    "--pyodide",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Folder of Pyodide, to be copied. [default: a CDN]",
)
@click.option(
    "--tensorflow",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Folder @tensorflow of npm, to be copied. [default: a CDN]",
)
def playground(folder: str, serve: bool, port: int | None, **folders: str | None) -> None:
    """Write a web site whose page computes as one types.

    FOLDER is a new folder, or that of an earlier playground. The page has an editor, the picture, the table, the
    arithmetic and the memory of the network in it, and trains it. The calculator itself runs in the page, by Pyodide;
    texts and images are sent nowhere, and the page works without a network after the first visit. Any server of files
    can serve the folder.

    Pyodide, and TensorFlow.js for training, come from a CDN (jsdelivr.net), and their files are checked. With --pyodide
    and --tensorflow they are part of the folder.

    \b
    Examples:
      cnncalc playground site --serve
      npm install pyodide@314.0.7
      cnncalc playground site --pyodide node_modules/pyodide
    """
    if port is not None and not serve:
        raise click.UsageError("--port is for --serve")
    _check_folder(folder)
    from cnncalc.playground.libraries import LIBRARIES
    from cnncalc.playground.site import site, write_site

    own = {library.folder: library.read(place) for library in LIBRARIES if (place := folders[library.folder])}
    write_site(folder, site(__version__, own))
    if serve:
        _serve(folder, port)
    else:
        given = [word for name in sorted(folders) if (place := folders[name]) for word in (f"--{name}", place)]
        again = shlex.join(["cnncalc", "playground", folder, *given, "--serve"])  # without them it would ask the CDN
        write_stream(f"wrote {shorten_path(folder)}; {printable(again)} shows it\n", sys.stdout)


def _check_folder(folder: str) -> None:
    """Refuse a folder that holds something else."""
    holds = os.listdir(folder) if os.path.isdir(folder) else []
    if holds and "service.js" not in holds:
        message = f"there is something else in `{shorten_path(folder)}`"
        raise WriteError("folder-in-use", message, hints=["name a new folder"])


def _serve(folder: str, port: int | None) -> None:
    from cnncalc.playground.server import PlaygroundServer

    try:
        server = PlaygroundServer(folder, 8766 if port is None else port)
    except OSError as error:
        if port is not None:
            message = f"port {port} cannot be had: {error.strerror}"
            raise WriteError("no-port", message, hints=["leave out --port for one that is free"]) from None
        server = PlaygroundServer(folder, 0)
    write_stream(f"the playground is at {server.address} (Ctrl-C ends it)\n", sys.stdout)
    with server:
        server.serve_forever()

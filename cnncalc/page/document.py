"""The frame of every page: one HTML document that asks for nothing, with a policy that says so to the browser."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Sequence
from importlib.resources import files

from cnncalc.core.cleaning import html_text


def asset(name: str) -> str:
    """Return the text of a script or style sheet that is part of pages."""
    return (files("cnncalc.page") / "assets" / name).read_text(encoding="utf-8")


def opening(
    title: str,
    sheet: str,
    *,
    sheets: Sequence[str] = (),
    scripts: Sequence[str] = (),
    connects: bool = False,
    language: str = "en",
) -> str:
    """Return a document up to and with its ``<body>``.

    A content security policy names scripts and style sheets by their hashes, so that nothing else in the page runs or
    is loaded; images are data of the page itself.

    Args:
        title: as it is, also one that is not trusted.
        sheet: the style sheet that the head holds.
        sheets: others that stand in the page.
        scripts: those that the page runs.
        connects: whether its scripts may ask the server from which the page comes.
        language: of its text, as browsers and screen readers know it.

    """
    policy = _policy(scripts, [sheet, *sheets]) + ("; connect-src 'self'" if connects else "")
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{html_text(title)} – cnncalc</title>\n<style>{sheet}</style>\n</head>\n<body>\n"
    )


def typed(command: Sequence[str]) -> str:
    """Return a command as a shell takes it; only words that are long or have several lines are broken."""
    words = " ".join(map(_word, map(shlex.quote, command)))
    return f'<p class="typed"><code>{words}</code></p>\n'


def _word(word: str) -> str:
    lines = word.split("\n")
    return f"<span>{html_text(word)}</span>" if len(lines) == 1 else "<br>".join(map(html_text, lines))


def _policy(scripts: Sequence[str], sheets: Sequence[str]) -> str:
    """Return the policy that lets these scripts and style sheets hold, and nothing else."""
    script, style = (" ".join(dict.fromkeys(map(_hash, texts))) or "'none'" for texts in (scripts, sheets))
    rest = "img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {script}; style-src {style}; {rest}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""``cnncalc import FILE``: a text or a file of another tool becomes a spec."""

from __future__ import annotations

import os
import re

import click

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten_path
from cnncalc.loading import load_translation, read_translation
from cnncalc.network import SpecSettings
from cnncalc.network.settings import InputTexts

_WRITTEN_OUT = re.compile(
    r"[\s(){}\[\]\"]|[/\\]|\.(?:cfg|json|prototxt|js|html?|ya?ml|onnx|txt|py|h5|keras|pth?)$", re.IGNORECASE
)
"""What a path or a text of a network has, and the name of a callable in a module has not."""


def is_text(model: str) -> bool:
    """Say whether a file or a text is meant, and not a callable in a module."""
    return model == "-" or _WRITTEN_OUT.search(model) is not None or os.path.isfile(model)


def import_text(model: str, input: InputTexts) -> str:
    """Return the spec of a file or a text of another tool; what it states of its layers holds.

    Raises:
        SpecError: for what is of no known format, cannot be read or said, or states what does not hold.
    """
    settings = SpecSettings.of_options(input, {}, None)
    translation = read_translation(model, settings)
    try:
        network = load_translation(translation, settings)
    except SpecError as error:
        if error.code != "no-input":
            raise
        like = translation.draft.like or "HxWxC"
        click.echo(f"note: the size of an image is not said; write `input {like}` in front, or give --input", err=True)
        return translation.spec.text
    name = shorten_path(translation.origin.name)
    click.echo(
        f"note: {name} is {translation.what}: {network.params:,} parameters, output {network.outputs_text}", err=True
    )
    return translation.spec.text

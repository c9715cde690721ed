"""What ``cnncalc export`` writes for Keras and TensorFlow.js: a text, and the weights in a file beside it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.network import Network
from cnncalc.to_foreign import FORMATS

if TYPE_CHECKING:
    from cnncalc.model.export import Weights


def write_foreign(
    form: str, network: Network, output: str | None, *, seed: int | None, weights: Weights | None
) -> None:
    """Write a network in another tool's format.

    Args:
        form: one of `FORMATS`.
        network: what is written.
        output: the file; None for standard output, which gets no weights.
        seed: draws the weights; None where none are drawn.
        weights: trained weights, or None.

    Raises:
        SpecError: for a layer that the format cannot say.
    """
    writer = FORMATS[form](network)
    if output is None:
        write_stream(writer.text(), sys.stdout)
        return
    if seed is None and weights is None:
        write_file(writer.text(), output)
        return
    with optional_packages():
        from cnncalc.model.export import arrays

    path = f"{os.path.splitext(output)[0]}{writer.weights_ending}"
    data = writer.weights_file(arrays(network, seed=seed, weights=weights))
    write_file(writer.text(os.path.basename(path)), output)
    write_file(data, path)
    complain(f"note: the weights are in {shorten_path(path)}")

"""Whatever a text holds, it is a network or a `SpecError`. The long run is ``benchmarks/fuzz.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from cnncalc.report.diagnostics import draw_error
from tests.fuzz.texts import texts


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_hostile_texts_give_a_network_or_a_spec_error(seed: int, tmp_path: Path) -> None:
    """300 texts of every kind, as files and as strings, end in a network or in an error that can be drawn."""
    file = tmp_path / "hostile.txt"
    for _, text in texts(seed, 300):
        spec: Path | str = text if isinstance(text, str) else file
        if isinstance(text, bytes):
            file.write_bytes(text)
        try:
            network = cnncalc.load(spec, input=None)
        except cnncalc.SpecError as error:
            draw_error(error).encode()
        else:
            counts = cnncalc.count(network)
            assert counts.activation_bytes >= 0
            if len(network) <= 2000:
                network.to_json().encode()

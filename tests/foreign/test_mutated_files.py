"""Broken files: a network or one clear error, whatever is broken. `benchmarks/fuzz.py --files` tries very many."""

from __future__ import annotations

from pathlib import Path

import cnncalc as package
from cnncalc.report.diagnostics import draw_error
from tests.foreign.mutations import mutated


def test_a_broken_file_is_a_network_or_one_clear_error(tmp_path: Path) -> None:
    """Nothing else is raised, and an error in a text has its place there."""
    for number, (name, ending, data) in enumerate(mutated(seed=1, count=150, most_bytes=6_000)):
        path = tmp_path / f"net{ending}"
        path.write_bytes(data)
        try:
            package.load(path, input="64x64x3" if number % 2 else None)
        except package.SpecError as error:
            assert draw_error(error), name
            assert error.line is not None or ending == ".onnx" or error.code in ("not-text", "too-long"), (name, error)


def test_deep_and_long_texts_end_soon() -> None:
    """Brackets, signs and numbers without end are errors of the text, in every format."""
    for text in (
        f"nn.Conv2d({'(' * 100_000}",
        f"nn.Conv2d({'-' * 100_000}3, 8, 3)",
        f"nn.Sequential({'nn.Sequential(' * 5_000}",
        f"nn.Conv2d(3, {'9' * 5_000}, 3)",
        "nn.Conv2d(3, 10**9 ** 9, 3)",
        "Sequential(\n" + "  (0): Sequential(\n" * 5_000,
        "Sequential(\n  (0-99999): 99999 x ReLU()\n)",
        '{"class_name": "Sequential", "config": ' + "[" * 100_000,
        "layer { type: " + "a { " * 100_000,
        "[net]\nwidth=1\nheight=1\n" + "[route]\nlayers=-1\n" * 50_000,
        "layer_defs.push(" * 20_000,
        "backbone:\n" + "  - [" * 20_000,
        "nc: 1\nbackbone:\n  - [-1, 1000, C2f, [999999]]\nhead:\n",
        "Layer (type)\n=====\n" + "a (Conv2D) (None, 1, 1, 99999999) 99999999999999\n" * 50,
    ):
        assert len(answer(text + "\n")) < 2_000


def answer(text: str) -> str:
    """Return the network or the error of a text."""
    try:
        return repr(package.load(text, input="8x8x3"))
    except package.SpecError as error:
        return str(error)

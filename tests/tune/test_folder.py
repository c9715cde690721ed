"""The folder of a study: its file may have been changed into anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.tune.studies import begin, resume

CHANGED = {
    "prunes": ('"prunes": true', '"prunes": 1'),
    "sampler": ('"sampler": "tpe"', '"sampler": "best"'),
    "colour": ('"colour": "auto"', '"colour": 1e300'),
    "limit": ('"limit": 150', '"limit": -150'),
    "resize": ('"resize": "none"', '"resize": ["none"]'),
}


def test_a_changed_file_of_a_study_is_an_error(folder: Path, complaint: Callable[..., str]) -> None:
    begin("study", trials=1, epochs=1)
    path = Path("study/study.json")
    written = path.read_text()
    for name, (before, after) in CHANGED.items():
        assert before in written
        path.write_text(written.replace(before, after))
        assert complaint(resume, "study") == (
            f"error[no-study]: `study/study.json` is not what cnncalc wrote: TypeError {name}\n"
            "  = put back the file that `cnncalc tune` wrote"
        )

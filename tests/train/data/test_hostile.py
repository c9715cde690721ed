"""Whatever a data set is like, it is read, or refused in one line that can be printed; and it ends."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path

import pytest
import torch

import cnncalc
from cnncalc.core.errors import CnncalcError, printable
from cnncalc.report.diagnostics import draw_error
from cnncalc.train.data import DataRequest, check_dataset, fingerprint, load_dataset
from tests.train.data.files import volume
from tests.train.data.odd import Case
from tests.train.data.odd_arrays import arrays, idx_files
from tests.train.data.odd_folders import folders, images
from tests.train.data.odd_sources import hugging_face, npy_files, shards

TEMPLATE = Path(tempfile.mkdtemp(prefix="rows-"), "data")
"""Where a good data set of Hugging Face is written once."""

FAMILIES = {
    "images": images,
    "folders": folders,
    "arrays": arrays,
    "IDX files": idx_files,
    ".npy files": npy_files,
    "shards": shards,
    "Hugging Face": partial(hugging_face, TEMPLATE),
}

WAYS = ({}, {"unreadable": "skip"}, {"memory_limit": 0, "workers": 0}, {"resize": "stretch"})
"""Ways of reading, of which each data set is read in one, in turn; the long run reads each in all."""


def outcome(case: Case, **named: object) -> str:
    """Read a data set that lies here as training does; return "" or the text of the error, in which nothing is odd."""
    data = "data" if Path("data").exists() or Path("data").is_symlink() else "data.npz"
    size = volume(case.size)
    try:
        dataset = load_dataset(DataRequest(data, **named), size, classes=2)
        check_dataset(dataset, cnncalc.load(f"input {case.size}\nfc 2"))
        fingerprint(dataset)
        for _, split in dataset.parts():
            for pixels, labels in split.batches(torch.arange(len(split)).split(2)):
                assert pixels.shape[1:] == (size.channels, *size.spatial)
                assert pixels.isfinite().all()
                assert labels.dtype == torch.int64
    except CnncalcError as error:
        lines = [error.message, *error.hints]
        assert all(line == printable(line) and "\n" not in line for line in lines), lines
        assert len(error.message) < 400
        return draw_error(error)
    assert all(line == printable(line) for line in (*dataset.skipped, *dataset.notes)), dataset.skipped
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_every_odd_data_set_is_read_or_refused(folder: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 400 in all; nothing but an error of the package's own may come of one."""
    found = []
    for number, case in enumerate(FAMILIES[family]()):
        place = folder / str(number)
        place.mkdir()
        monkeypatch.chdir(place)
        case.write(place)
        found.append(outcome(case, **WAYS[number % len(WAYS)]))
        shutil.rmtree(place)
    assert len(found) > 50
    assert 0 < sum(map(bool, found)) <= len(found)

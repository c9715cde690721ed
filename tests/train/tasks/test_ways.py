"""The ways that `speed` chooses from give the same training of every task, up to rounding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.runs import Heard, train
from tests.train.tasks.test_training import SMALL, write_data


@pytest.mark.parametrize("name", SMALL)
def test_layouts_train_alike(folder: Path, name: str) -> None:
    """Without dropout, which draws in the order of the memory, and with steps that do not enlarge small differences."""
    data, losses = write_data(name, folder), []
    spec = SMALL[name].replace(" - dropout 0.2", "")
    plain = {"optimizer": "sgd", "learning_rate": 0.01, "flip": "random", "epochs": 1, "batch": 8}
    for channels_last in (False, True):
        heard = Heard()
        out = f"run-{channels_last}"
        train(spec, out, data=data, heard=heard, channels_last=channels_last, **plain)
        [row] = heard.all("epoch")
        losses.append((row.train_loss, row.loss))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)

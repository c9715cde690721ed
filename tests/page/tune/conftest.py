"""Pages of studies: the studies of the tests of `tune`, in a browser."""

from __future__ import annotations

import pytest
import torch

from tests.train.conftest import complaint, folder  # noqa: F401

pytest.importorskip("optuna")
torch.set_num_threads(1)  # the images are small, and several tests run beside each other

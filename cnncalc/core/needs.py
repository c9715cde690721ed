"""Packages that only some commands need, and what to install for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cnncalc.core.errors import SpecError

_EXTRAS = {
    "PIL": "image",
    "datasets": "datasets",
    "matplotlib": "train",
    "numpy": "train",
    "safetensors": "train",
    "scipy": "train",
    "sklearn": "train",
    "alembic": "mlflow",
    "mlflow": "mlflow",
    "sqlalchemy": "mlflow",
    "tensorboard": "tensorboard",
    "trackio": "trackio",
    "wandb": "wandb",
    "zeus": "zeus",
    "optuna": "tune",
    "torch": "train",
    "torchinfo": "train",
    "torchvision": "train",
    "resvg_py": "draw",
    "onnx": "export",
    "onnxscript": "export",
    "onnxruntime": "export",
}
"""Packages that are not always there, and the extra of this project that installs each."""


@contextmanager
def optional_packages() -> Iterator[None]:
    """Say in one line what to install, where an import inside does not find a package.

    Raises:
        SpecError: with the code ``not-installed``; with ``no-folder`` where the current folder is gone, since PyTorch
            ends the process there.

    """
    from pathlib import Path  # a command that needs no package is done before this would be loaded

    try:
        Path.cwd()
    except FileNotFoundError:
        hints = ["change to one that is there: cd"]
        raise SpecError("no-folder", "the current folder has been deleted", hints=hints) from None
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in _EXTRAS:
            raise
        message = f'this needs {package}, which is not installed: pip install "cnncalc[{_EXTRAS[package]}]"'
        raise SpecError("not-installed", message) from None

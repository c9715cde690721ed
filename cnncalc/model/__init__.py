"""From a network to PyTorch. Importing this package imports torch."""

from cnncalc.model.build import build

__all__ = ["build"]

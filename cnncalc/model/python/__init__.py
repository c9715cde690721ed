"""A network as readable PyTorch source: blocks as classes, repeats as loops."""

from cnncalc.model.python.file import python_source

__all__ = ["python_source"]

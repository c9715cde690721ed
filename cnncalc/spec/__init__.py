"""From text to a syntax tree. Nothing here knows what a layer means."""

from cnncalc.spec.parser import parse

__all__ = ["parse"]

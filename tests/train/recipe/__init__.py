"""Tests of ``cnncalc/train/recipe``."""

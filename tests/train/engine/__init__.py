"""Tests of ``cnncalc/train/engine``."""

"""Tests of ``cnncalc/train/run``."""

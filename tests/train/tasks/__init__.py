"""Tests of ``cnncalc/train/tasks``."""

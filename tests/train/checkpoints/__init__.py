"""Tests of ``cnncalc/train/checkpoints``."""

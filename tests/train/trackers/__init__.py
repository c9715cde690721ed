"""Tests of ``cnncalc/train/show``."""

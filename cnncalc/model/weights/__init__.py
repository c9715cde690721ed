"""Weights that others trained: read from a file as data, and matched with the parameters of a network."""

RUN_WEIGHTS = "best.safetensors"
"""The file of a run's folder that holds the weights of its best epoch."""

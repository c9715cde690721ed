"""Checkpoints: tensors as files that are whole or not there, and that prove that they are."""

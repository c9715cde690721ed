"""Specs to start from: written from the lecture's formula, or a known network for other images."""

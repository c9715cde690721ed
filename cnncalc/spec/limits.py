"""The stated limits of the language: what a text from a stranger may ask for."""

MAX_NUMBER = 10**12
"""Largest number that may be written or computed."""

MAX_DIGITS = 15
"""Longest number that is converted at all; anything longer is out of range."""

MAX_NESTING = 64
"""Deepest nesting of groups, merges, block calls and parentheses."""

MAX_LAYERS = 100_000
"""Most layers that a network may have."""

MAX_STEPS = 400_000
"""Most steps an expansion may take: layers, calls, groups, claims and repeats together."""

MAX_TEXT = 4_000_000
"""Longest text, in characters."""

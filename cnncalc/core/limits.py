"""The stated limits: what a text or an image from a stranger may ask for."""

MAX_NUMBER = 10**12
"""Largest number that may be written or computed."""

MAX_DIGITS = 15
"""Longest number that is converted at all; anything longer is out of range."""

MAX_NAME = 64
"""Longest name of a parameter, a block or a label, in characters."""

MAX_NESTING = 64
"""Deepest nesting of groups, merges, block calls and parentheses."""

MAX_WORDS = 64
"""Most words of one layer: its own, its size and its options."""

MAX_TERMS = 1000
"""Most numbers and names in one expression."""

MAX_PARTS = 120_000
"""Most parts of a text: layers, branches, calls, arguments and numbers that are computed."""

MAX_LAYERS = 100_000
"""Most layers that a network may have."""

MAX_INPUTS = 32
"""Most inputs that a network may have: each has a receptive field in every layer."""

MAX_STEPS = 2_000_000
"""Most steps an expansion may take. Unrolling a repeat by one takes a step; whatever takes longer counts
for several, so that the time of an expansion has a bound that no text can pass."""

MAX_TEXT = 4_000_000
"""Longest text, in characters."""

MAX_IMAGE_SIDE = 65_535
"""Longest side of an image in pixels, the longest that a JPEG can have; a row or column takes memory of its own."""

MAX_IMAGE_BYTES = 2**30
"""Largest file of an image: 1 GiB, three times the pixels that are read at most."""

"""Sizes of the style ``graph``, in pixels."""

from __future__ import annotations

TITLE = 13.0
SMALL = 11.0
LINE = 14.0
"""From one small line to the next."""
PADDING = 10.0
LEAST_WIDTH = 92.0
MOST_TEXT = 230.0
"""Room for the longest line of a box; what is longer is cut."""
MOST_HEAD = 160.0
"""Room for the title of a frame that holds little."""
RADIUS = 5.0
GAP = 30.0
"""Between two boxes, with an arrow and a volume."""
BESIDE = 6.0
"""Between a line and the text beside it."""
APART = 18.0
"""Between two branches."""
FORK = 24.0
"""From where branches part to their first boxes."""
JOIN = 30.0
"""From the last box of a branch to where branches meet."""
CIRCLE = 10.0
STUB = 16.0
"""From where branches meet to the circle."""
HEADER = 24.0
INSET = 12.0
TAG = 18.0
"""Width and height of the letter of a place that is read from elsewhere."""
CORNER = 6.0
"""Radius of the corners of lines."""

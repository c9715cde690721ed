"""The style ``graph``: boxes by blocks, branches side by side, merges as circles."""

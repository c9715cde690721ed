"""Pure functions of a network."""

from cnncalc.analysis.counts import BYTES, DTYPE_WORDS, Counts, LayerCounts, count
from cnncalc.analysis.receptive import Field, receptive_fields

__all__ = ["BYTES", "DTYPE_WORDS", "Counts", "Field", "LayerCounts", "count", "receptive_fields"]

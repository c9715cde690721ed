"""Pure functions of a network."""

from cnncalc.analysis.counts import Counts, LayerCounts, count
from cnncalc.analysis.receptive import Field, receptive_fields

__all__ = ["Counts", "Field", "LayerCounts", "count", "receptive_fields"]

"""What a network takes here: its layers one after the other in a pass, the whole pass, and the machine's own limits."""

from cnncalc.model.timing.allocator import keep_freed_memory
from cnncalc.model.timing.measure import MeasureOptions, measure

__all__ = ["MeasureOptions", "keep_freed_memory", "measure"]

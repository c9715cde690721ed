"""How Python and PyTorch say that memory ran out."""

from __future__ import annotations

import re

import torch

_CPU_MEMORY = re.compile(r"can't allocate memory|not enough memory|Cannot allocate memory")


def ran_out_of_memory(error: Exception) -> bool:
    """Say whether Python or PyTorch could not have the memory that it asked for."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or bool(_CPU_MEMORY.search(str(error)))

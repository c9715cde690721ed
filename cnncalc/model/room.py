"""Whether this machine has room for what is to be made; said before a system without memory ends other programs."""

from __future__ import annotations

import os
import sys
from math import prod

import torch

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import bytes_text
from cnncalc.network import Network

SMALLER = "make the network or its input smaller"


def machine_bytes() -> int:
    """Return the bytes of the machine's memory; more than anything takes where the system does not say it."""
    if not hasattr(os, "sysconf"):
        return sys.maxsize
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def check_tensors_fit(module: torch.nn.Module) -> None:
    """Refuse a module, on the meta device, whose parameters and buffers are larger than the memory."""
    whole = {*module.parameters(), *module.buffers()}
    _check("the weights take", sum(prod(value.shape) * value.element_size() for value in whole))


def check_images_fit(network: Network, batch: int) -> None:
    """Refuse images, in float32, that are larger than the memory."""
    of_one = sum(each.values for each in network.inputs)
    _check(f"{batch} images take", 4 * batch * of_one)


def no_room(what: str, size: int) -> SpecError:
    """Make the error for what could not be had, such as ``the weights take``."""
    message = f"{what} {bytes_text(size)}, and this machine has {bytes_text(machine_bytes())}"
    return SpecError("out-of-memory", message, hints=[SMALLER])


def _check(what: str, size: int) -> None:
    if size > machine_bytes():
        raise no_room(what, size)

"""The counters of other tools, run as their users run them: the oracle of what is reproduced of them.

Each counts a module for one batch of images; a package that is not installed raises ImportError when it is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch import nn


class Found(NamedTuple):
    """What a counter finds of a module: its number, the parameters, and the numbers of the single modules."""

    count: int
    params: int | None
    layers: Counter[int]


def by_fvcore(module: nn.Module, images: torch.Tensor) -> Found:
    """Count with fvcore, which counts no parameters by the way."""
    from fvcore.nn import FlopCountAnalysis

    found = FlopCountAnalysis(module, images).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counts = found.by_module()
    own = Counter(counts)
    for name in counts:
        if name:
            own[name.rpartition(".")[0]] -= counts[name]
    return Found(int(found.total()), None, _nonzero(own.values()))


def by_thop(module: nn.Module, images: torch.Tensor) -> Found:
    """Count with thop."""
    from thop import profile

    count, params, tree = profile(module, inputs=(images,), verbose=False, ret_layer_info=True)
    return Found(int(count), int(params), _nonzero(_leaves(tree)))


def _leaves(tree: dict[str, Any]) -> Iterator[int]:
    for count, _, below in tree.values():
        if below:
            yield from _leaves(below)
        else:
            yield int(count)


def by_ptflops(module: nn.Module, images: torch.Tensor) -> Found:
    """Count with ptflops; the numbers of modules are gone when it returns, so they are fetched before.

    Those without parameters are left out, since one ReLU often serves several layers and has their sum.
    """
    from ptflops import pytorch_engine

    layers: list[int] = []
    stop = pytorch_engine.stop_flops_count

    def fetching(self: nn.Module) -> None:
        layers.extend(part.__flops__ for part in self.modules() if hasattr(part, "__flops__") and part.__params__)
        stop(self)

    pytorch_engine.stop_flops_count = fetching
    try:
        count, params = pytorch_engine.get_flops_pytorch(module, tuple(images.shape[1:]), print_per_layer_stat=False)
    finally:
        pytorch_engine.stop_flops_count = stop
    assert count is not None and params is not None
    return Found(int(count), int(params), _nonzero(layers))


def by_torchinfo(module: nn.Module, images: torch.Tensor) -> Found:
    """Count with torchinfo."""
    from torchinfo import summary

    found = summary(module, input_data=images, verbose=0, device="cpu")
    leaves = [info.macs for info in found.summary_list if info.is_leaf_layer]
    return Found(int(found.total_mult_adds), int(found.total_params), _nonzero(leaves))


COUNTERS: dict[str, Callable[[nn.Module, torch.Tensor], Found]] = {
    "fvcore": by_fvcore,
    "thop": by_thop,
    "ptflops": by_ptflops,
    "torchinfo": by_torchinfo,
}


def _nonzero(counts: Iterable[int]) -> Counter[int]:
    return Counter(int(count) for count in counts if count)


def written_module(source: str) -> nn.Module:
    """Return the module of written Python, in eval mode."""
    names: dict[str, Any] = {}
    exec(compile(source, "model.py", "exec"), names)
    module: nn.Module = names["Network"]()
    return module.eval()

"""First weights: He's for convolutions, as torchvision does, and PyTorch's own for everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import torch
from torch import nn

from cnncalc.model.modules import LocalConvolution, StandardisedConvolution


class LearnedFactor(nn.Module):
    """Multiplies by a learned tensor that starts at one value: ConvNeXt's layer scale."""

    def __init__(self, shape: tuple[int, ...], start: float) -> None:
        super().__init__()
        self.start = start
        self.weight = nn.Parameter(torch.full(shape, start))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product, of the shape of ``x``."""
        return x * self.weight

    def reset_parameters(self) -> None:
        """Set all values to the start again."""
        nn.init.constant_(self.weight, self.start)


class FixedTensor(nn.Module):
    """Calls a function with a tensor that is not learned, such as the filter of a blur."""

    tensor: torch.Tensor

    def __init__(self, function: Callable[..., torch.Tensor], values: Any, shape: tuple[int, ...], **settings: Any):
        super().__init__()
        self.function, self.values, self.settings = function, values, settings
        self.register_buffer("tensor", torch.empty(shape), persistent=False)
        self.reset_parameters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the function makes of ``x`` and the tensor."""
        return self.function(x, self.tensor, **self.settings)

    def reset_parameters(self) -> None:
        """Give the tensor its values again."""
        self.tensor.copy_(self.filled(self.tensor))

    def filled(self, like: torch.Tensor) -> torch.Tensor:
        """Return the tensor's values on the device and in the precision of another."""
        return torch.tensor(self.values, dtype=like.dtype, device=like.device).expand(self.tensor.shape)


def initialise(module: nn.Module, seed: int | None) -> None:
    """Give every parameter and buffer its first value, the same ones for the same seed on every device."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in module.modules():
            _INITIALISERS.get(type(part), _by_itself)(part, generator)
            for name, values in getattr(part, "preset_values", {}).items():
                tensor = getattr(part, name)
                tensor.copy_(torch.tensor(values, dtype=tensor.dtype).expand(tensor.shape))


def _convolution(part: Any, generator: torch.Generator | None) -> None:
    """Draw from a normal distribution with variance 2/fan_out, biases 0 (He et al., ICCV 2015)."""
    # fan_out as PyTorch counts it: the filters times the window's size
    fan_out = part.weight.shape[1] if part.transposed else part.weight.shape[0]
    fan_out *= part.weight[0][0].numel()
    _draw(part.weight, generator, lambda values: values.normal_(0, sqrt(2 / fan_out), generator=generator))
    if part.bias is not None:
        part.bias.zero_()


def _standardised(part: Any, generator: torch.Generator | None) -> None:
    """Draw from a normal distribution, whose variance does not matter; biases 0 and factors 1."""
    _draw(part.weight, generator, lambda values: values.normal_(0, 1, generator=generator))
    for values, start in ((part.bias, 0.0), (part.gain, 1.0)):
        if values is not None:
            values.fill_(start)


def _linear(part: Any, generator: torch.Generator | None) -> None:
    """Draw weights and biases evenly between ±1/√fan_in, as PyTorch does."""
    bound = 1 / sqrt(part.in_features)
    for values in (part.weight, part.bias):
        if values is not None:
            _draw(values, generator, lambda drawn: drawn.uniform_(-bound, bound, generator=generator))


def _local(part: Any, generator: torch.Generator | None) -> None:
    """Draw from a normal distribution with variance 2/fan_in, biases 0: each output has weights of its own."""
    fan_in = part.weight.shape[1]
    _draw(part.weight, generator, lambda values: values.normal_(0, sqrt(2 / fan_in), generator=generator))
    if part.bias is not None:
        part.bias.zero_()


def _draw(values: torch.Tensor, generator: torch.Generator | None, draw: Callable[[torch.Tensor], object]) -> None:
    """Draw on the CPU where there is a seed, so that every device gets the same numbers."""
    if generator is None:
        draw(values)
        return
    drawn = torch.empty(values.shape)
    draw(drawn)
    values.copy_(drawn)


def _by_itself(part: Any, generator: torch.Generator | None) -> None:
    """Let a module set its own values, none of which is drawn at random."""
    if hasattr(part, "reset_parameters"):
        part.reset_parameters()


_INITIALISERS: Mapping[type[nn.Module], Callable[[Any, torch.Generator | None], None]] = {
    nn.Linear: _linear,
    LocalConvolution: _local,
    StandardisedConvolution: _standardised,
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _convolution),
    **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _convolution),
}

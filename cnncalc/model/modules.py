"""Modules for layers that ``torch.nn`` has no module for. Written Python gets a copy of each that it uses."""

from __future__ import annotations

import torch
from torch import nn


def preset(module: nn.Module, learned: bool, **values: tuple[float, ...]) -> nn.Module:
    """Give tensors of a module their first values; what is not learned becomes constants, which a state_dict has."""
    with torch.no_grad():
        for name, numbers in values.items():
            tensor = getattr(module, name)
            tensor.copy_(
                torch.tensor(numbers, dtype=tensor.dtype, device=tensor.device).expand(
                    tensor.shape
                )
            )
    for name, parameter in [] if learned else list(module.named_parameters()):
        delattr(module, name)
        module.register_buffer(name, parameter.detach())
    return module


class GlobalResponseNorm(nn.Module):
    """Multiplies each channel by its norm over all positions, as a share of the mean over the channels, and adds."""

    def __init__(self, channels: int, dimensions: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.zeros(channels, *[1] * dimensions))
        self.bias = nn.Parameter(torch.zeros(channels, *[1] * dimensions))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + weight·x·share + bias, of the shape of ``x``."""
        norm = x.norm(p=2, dim=list(range(2, x.ndim)), keepdim=True)
        share = norm / (norm.mean(1, keepdim=True) + self.eps)
        return torch.addcmul(self.bias, self.weight, x * share) + x

    def reset_parameters(self) -> None:
        """Set the factors and the shifts to 0 again."""
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


class FixedBatchNorm(nn.Module):
    """A batch norm that never learns: its scales, shifts, means and variances are constants, in training too."""

    weight: torch.Tensor | None
    bias: torch.Tensor | None
    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, channels: int, eps: float = 1e-5, scale: bool = True, shift: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(channels) if scale else None)
        self.register_buffer("bias", torch.zeros(channels) if shift else None)
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what is scaled and shifted, of the shape of ``x``."""
        scales = self.weight, self.bias
        return nn.functional.batch_norm(
            x, self.running_mean, self.running_var, *scales, False, 0.0, self.eps
        )

    def reset_parameters(self) -> None:
        """Set the scales and variances to 1 again, and the shifts and means to 0."""
        for name, values in self.named_buffers():
            values.fill_(float(name in ("weight", "running_var")))


class HalfAffineBatchNorm(nn.modules.batchnorm._BatchNorm):
    """A batch norm that learns shifts and no scales, or scales and no shifts."""

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        scale: bool = True,
        shift: bool = True,
    ) -> None:
        super().__init__(channels, eps, momentum, affine=False)
        if scale:
            self.weight = nn.Parameter(torch.ones(channels))
        if shift:
            self.bias = nn.Parameter(torch.zeros(channels))

    def _check_input_dim(self, input: torch.Tensor) -> None:
        """Take what has any number of positions."""

    def reset_parameters(self) -> None:
        """Set the scales to 1 again and the shifts to 0, and the statistics to what they are before training."""
        self.reset_running_stats()
        for tensor, start in ((self.weight, 1.0), (self.bias, 0.0)):
            if tensor is not None:
                nn.init.constant_(tensor, start)


class GivenFactor(nn.Module):
    """Multiplies by numbers that are given, one for each channel or one for all: first values, or constants."""

    def __init__(self, shape: tuple[int, ...], values: tuple[float, ...], learned: bool = True) -> None:
        super().__init__()
        self.values, self.learned = values, learned
        numbers = torch.empty(shape)
        if learned:
            self.weight = nn.Parameter(numbers)
        else:
            self.register_buffer("weight", numbers)
        self.reset_parameters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product, of the shape of ``x``."""
        return x * self.weight

    def reset_parameters(self) -> None:
        """Give the factors their first values again."""
        numbers = torch.tensor(self.values, dtype=self.weight.dtype, device=self.weight.device)
        with torch.no_grad():
            self.weight.view(-1).copy_(numbers)


class UnitStep(nn.Module):
    """Returns 1 for values above 0, and 0 for all others."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return zeros and ones of the shape of ``x``."""
        return torch.sign(x).relu()


class PartMean(nn.Module):
    """Takes the mean of each window over what counts of it: the input, or (``counts``) also the zeros around it.

    What lies beyond that, behind the last rows and columns, never counts.
    """

    def __init__(
        self,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        before: tuple[int, ...],
        after: tuple[int, ...],
        beyond: tuple[int, ...],
        counts: bool,
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.counts = kernel, stride, counts
        self.before, self.after, self.beyond = before, after, beyond
        self.pool = getattr(nn, f"AvgPool{len(kernel)}d")(kernel, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the means, of the shape that the windows make."""
        sides, ends = [], []
        for before, after, beyond in zip(
            self.before[::-1], self.after[::-1], self.beyond[::-1], strict=True
        ):
            sides += [before, after]
            ends += [0, beyond]
        ones = nn.functional.pad(
            x.new_ones(1, 1, *x.shape[2:]), sides, value=float(self.counts)
        )
        share = self.pool(nn.functional.pad(ones, ends))
        around = [side + end for side, end in zip(sides, ends, strict=True)]
        means: torch.Tensor = self.pool(nn.functional.pad(x, around)) / share
        return means


class LocalConvolution(nn.Module):
    """A convolution with weights and biases of its own at every position."""

    def __init__(
        self,
        channels: int,
        filters: int,
        spatial: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[tuple[int, int], ...],
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.filters, self.kernel, self.stride, self.padding = (
            filters,
            kernel,
            stride,
            padding,
        )
        cells = zip(spatial, kernel, stride, padding, strict=True)
        self.sizes = [(size + sum(pair) - k) // s + 1 for size, k, s, pair in cells]
        inner, positions = channels, 1
        for side, size in zip(kernel, self.sizes, strict=True):
            inner, positions = inner * side, positions * size
        self.weight = nn.Parameter(
            torch.randn(positions, inner, filters) * (2 / inner) ** 0.5
        )
        self.bias = nn.Parameter(torch.zeros(filters, *self.sizes)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the filters make of the window at each position."""
        around = [side for pair in self.padding[::-1] for side in pair]
        x = nn.functional.pad(x, around) if any(around) else x
        for axis, (side, step) in enumerate(
            zip(self.kernel, self.stride, strict=True), 2
        ):
            x = x.unfold(axis, side, step)
        places = list(range(2, 2 + len(self.kernel)))
        inner = [place + len(self.kernel) for place in places]
        patches = (
            x.permute(*places, 0, 1, *inner).flatten(0, len(places) - 1).flatten(2)
        )
        made = torch.bmm(patches, self.weight).permute(1, 2, 0).contiguous()
        made = torch.unflatten(made, 2, self.sizes)
        return made if self.bias is None else made + self.bias


class StandardisedConvolution(nn.Module):
    """A convolution with weights that get the mean 0 and the variance 1 in each filter before they are used.

    With a ``scale`` they are then multiplied by it, and by a learned factor per filter.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        eps: float = 1e-6,
        scale: float | None = None,
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.dilation, self.groups = dilation, groups
        self.eps, self.scale = eps, scale
        make = getattr(nn, f"Conv{len(kernel)}d")
        self.convolve = getattr(nn.functional, f"conv{len(kernel)}d")
        self.weight = make(channels, filters, kernel, groups=groups).weight
        self.bias = nn.Parameter(torch.zeros(filters)) if bias else None
        self.gain = None if scale is None else nn.Parameter(torch.ones(filters))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the filters make of each window."""
        gain: torch.Tensor | None = self.gain
        if gain is not None and self.scale is not None:
            gain = gain * self.scale
        flat = self.weight.reshape(1, len(self.weight), -1)
        weight = nn.functional.batch_norm(
            flat, None, None, weight=gain, training=True, momentum=0.0, eps=self.eps
        )
        settings = self.stride, self.padding, self.dilation, self.groups
        made: torch.Tensor = self.convolve(
            x, weight.reshape_as(self.weight), self.bias, *settings
        )
        return made

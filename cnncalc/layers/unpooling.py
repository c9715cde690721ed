"""The inverse of a max pool: ``unpool @pool1``."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments, Labelled
from cnncalc.layers.base import Layer, Reach, Sources
from cnncalc.layers.kernels import CHANNELS_FIRST, FORMAT, OTHERS, RAISED_ON_CPU, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, channels_of
from cnncalc.layers.pooling import MaxPool
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, at_places, padding
from cnncalc.layers.transposed import spreading

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("unpool")
@dataclass(eq=False, repr=False)
class Unpool(Layer):
    """``unpool @pool1``: puts each value where that max pool took one, and zeros elsewhere (SegNet).

    ``size`` are the spatial sizes that the pool was given.
    """

    pool: MaxPool
    size: tuple[int, ...]

    kind = "unpool"
    windows_vary = True
    role = "enlarging"
    reads_label = True
    reads_places = True
    other_names = (("unpool", "maxunpool maxunpool1d maxunpool2d maxunpool3d", r"(?:max )?unpool(?:ing)?(?:[123]d)?"),)
    examples = (
        "8x8x4: a: pool 2x2 - relu - unpool @a",
        "9x7x4: a: maxpool 3x3 s2 p1 - unpool @a",
        "9x8x4: a: maxpool 3x2 s3x2 floor - tanh - unpool @a",
        "8x8x4: a: maxpool 3x3 s2 same - unpool @a - relu",
        "8x4: a: pool 2 - unpool @a",
        "4x4x6x2: a: pool 2x2x2 - unpool @a",
    )

    @property
    def output_is_free(self) -> bool:  # type: ignore[override]  # PyTorch's 1-D function is a view of the 2-D one
        return len(self.size) > 1 and self._crops is None

    @property
    def repeats_exactly_on_cuda(self) -> bool:  # type: ignore[override]  # windows that overlap may share a place
        return all(window.kernel <= window.stride for window in self.pool.windows)

    @classmethod
    def read(cls, arguments: Arguments) -> Unpool:
        label = arguments.label()
        if label is None:
            hints = ["label the pool, `pool1: pool 2x2`, and write `unpool @pool1`"]
            raise Fault("missing-size", "unpool needs the label of a max pool", hints=hints)
        if not isinstance(label.layer, MaxPool):
            what = "the network's input" if label.layer is None else f"`{label.layer.kind}`"
            hints = ["write the label in front of the pool: `pool1: pool 2x2`"]
            raise Fault(
                "bad-option",
                f"unpool takes the label of a max pool, and `@{label.name}` is {what}",
                about="label",
                hints=hints,
            )
        _check_volume(label, arguments.source)
        return cls(label.layer, label.sources[0].spatial)

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.size)

    def reach(self, source: Volume, axis: int) -> Reach:
        window = self.pool.windows[axis]
        return spreading(window.kernel, window.stride, window.before, window.dilation)

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        return tuple(map(str, self.size))

    @property
    def _padding(self) -> tuple[tuple[int, int], ...]:
        """What is padded in front of the pool, where its module does not do it itself."""
        volume = Volume.of(self.size, 1)
        return ((0, 0),) * len(self.size) if self.pool.pads_itself(volume) else self.pool.needed_padding(volume)

    @property
    def _crops(self) -> tuple[tuple[int, int], ...] | None:
        """What is taken away again behind it; None for nothing."""
        pads = self._padding
        return tuple([(-before, -after) for before, after in pads]) if any(map(any, pads)) else None

    torch_calls = (
        "torch.nn.MaxUnpool{n}d(kernel_size, stride=None, padding=0, indices=None, output_size=None)",
        "max_unpool{n}d(indices, kernel_size, stride=None, padding=0, output_size=None)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.at_places(cls.kind, call["indices"])

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        whole = tuple([size + sum(pair) for size, pair in zip(self.size, self._padding, strict=True)])
        own = self.pool.setting("before") if self._crops is None else (0,) * len(whole)
        stride = self.pool.setting("stride")
        extent = tuple([window.extent for window in self.pool.windows])
        cells = zip(sources[0].spatial, stride, extent, own, strict=True)
        usual = tuple([(count - 1) * step + reach - 2 * pad for count, step, reach, pad in cells])
        more = {} if usual == whole else {"output_size": whole}
        pads = (own,) if any(own) else ()
        unpool = at_places(f"max_unpool{len(whole)}d", extent, stride, *pads, **more)
        return (unpool,) if self._crops is None else (unpool, Function("pad", (padding(self._crops),)))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        windows = self.pool.read_places(Volume.of(self.size, 1))
        made: Box = []
        pairs = zip(*[channels_of(values, sources[0].channels) for values in arriving], strict=True)
        for values, pooled in pairs:
            put: list[Box] = [[] for _ in range(prod(self.size))]
            for value, largest, window in zip(values, pooled, windows, strict=True):
                put[window[use.winner(largest)]].append(value)
            made += [use.last(own) if own else 0 for own in put]
        return made

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        lies = FORMAT if len(self.size) == 2 else CHANNELS_FIRST
        whole = [size + sum(pair) for size, pair in zip(self.size, self._padding, strict=True)]
        unpool = Kernel(
            "max_unpool", sources[0].with_spatial(whole).values, (0, 1), OTHERS, lies=lies, casts=RAISED_ON_CPU
        )
        if self._crops is None:
            return (unpool,)
        return unpool, Kernel("pad", self.output(sources).values, lies=FORMAT)


def _check_volume(label: Labelled, arriving: Volume) -> None:
    """Refuse a volume that is not the one that the pool made."""
    if label.volume == arriving:
        return
    same = label.volume.spatial == arriving.spatial
    fitting = f"`conv {'x'.join('1' * arriving.dimensions)}x{label.volume.channels}` in front of it fits the channels"
    raise Fault(
        "bad-size",
        f"the pool `{label.name}` made {label.volume}, and {arriving} arrives at its unpool",
        about="label",
        hints=[fitting if same else "unpool what has the size that the pool made"],
    )

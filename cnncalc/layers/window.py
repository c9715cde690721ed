"""Windows that slide: the size of what they make, whether they fit, and what would.

For one dimension, with W the input size, F = dilation·(kernel − 1) + 1 the window's extent, P the
padding and S the stride, a window makes (W − F + 2P)/S + 1 outputs (CS231n, "Convolutional Neural
Networks: spatial arrangement"). ``floor`` and ``ceil`` follow PyTorch's pooling_output_shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, cast

from cnncalc.core.errors import Fault, Later
from cnncalc.core.volume import Volume
from cnncalc.layers.base import Layer, Letters, Reach
from cnncalc.layers.captions import unusual, with_kernel
from cnncalc.layers.dimension_names import axis_name, never_read
from cnncalc.layers.kernels import Kernel, order_of_images
from cnncalc.layers.taps import places, sliding


class Window(NamedTuple):
    """A window along one dimension; ``before`` and ``after`` are its padding."""

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """How far the window reaches from its first tap to its last: F."""
        return self.dilation * (self.kernel - 1) + 1

    def room(self, size: int) -> int:
        """Return by how much the padded input is larger than the window: W − F + 2P."""
        kernel, _, before, after, dilation = self
        return size + before + after - dilation * (kernel - 1) - 1

    def fits(self, size: int) -> bool:
        """Say whether the window fits a whole number of times."""
        room = self.room(size)
        return room >= 0 and room % self.stride == 0

    def outputs(self, size: int, rounding: str) -> int:
        """Return how many outputs the window makes; the window must not be larger than the input."""
        stride, room = self.stride, self.room(size)
        inside = room // stride + 1
        if rounding != "ceil" or room % stride == 0:
            return inside
        # as PyTorch does: a further window, which hangs over the end, does not start in the padding there
        return inside if inside * stride >= size + self.before else inside + 1

    def result(self, size: int) -> str:
        """Return W′ as the strict formula has it, also where it is not whole: ``2 1/3``."""
        from fractions import Fraction

        whole, rest = divmod(self.room(size), self.stride)
        return f"{whole + 1} {Fraction(rest, self.stride)}" if rest else str(whole + 1)

    def dropped(self, size: int, outputs: int) -> int:
        """Return how many values at the end no window reads."""
        read = (outputs - 1) * self.stride + self.extent - self.before
        return max(0, size - read)

    def sum(self, size: int, rounding: str = "") -> str:
        """Return the arithmetic of the number of outputs: ``(7 − 3 + 2·0)/3 + 1``.

        With a rounding that is needed here, it is written too: ``⌊(7 − 3 + 2·0)/3⌋ + 1``.
        """
        padding = f"2·{self.before}" if self.before == self.after else f"({self.before} + {self.after})"
        extent = f"({self.dilation}·({self.kernel} − 1) + 1)" if self.dilation > 1 else str(self.extent)
        quotient = f"({size} − {extent} + {padding})/{self.stride}"
        if rounding not in _BRACKETS or self.fits(size):
            return f"{quotient} + 1"
        left, right = _BRACKETS[rounding]
        # a last window that would start in the padding is dropped again
        less = " − 1" if rounding == "ceil" and self.outputs(size, "ceil") == self.outputs(size, "floor") else ""
        return f"{left}{quotient}{right} + 1{less}"


_BRACKETS = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}


@dataclass(eq=False, repr=False)
class Windowed(Layer):
    """A layer that slides a window over its input."""

    windows: tuple[Window, ...]
    rounding: str

    called = ""
    _known = cast("tuple[Volume, list[int]] | None", None)
    """The last volume that arrived, and the sizes that it led to: output, MACs and what is dropped ask for them."""

    def spatial(self, source: Volume) -> list[int]:
        """Return the spatial sizes of the output, or raise `Fault` where the window does not fit."""
        known = self._known
        if known is None or known[0] is not source:
            known = self._known = (source, self._spatial(source))
        return known[1]

    def _spatial(self, source: Volume) -> list[int]:
        found: list[int] = []
        last: tuple[Window, int] | None = None
        for cell in zip(self.windows, source[:-1], strict=True):
            if cell != last:  # a square is worked out once
                window, size = last = cell
                steps, rest = divmod(window.room(size), window.stride)
                if steps < 0 or (rest and self.rounding == "strict"):
                    raise does_not_fit(self, source)
                outputs = window.outputs(size, self.rounding) if rest else steps + 1
            found.append(outputs)
        return found

    def reach(self, source: Volume, axis: int) -> Reach | None:
        kernel, stride, before, _, dilation = self.windows[axis]
        last = dilation * (kernel - 1)
        alone = last == before == 0 and stride == 1
        return None if alone else Reach(((-before, last - before),), stride, dilation)

    def reaches(self, source: Volume) -> tuple[Reach | None, ...]:
        windows, reach = self.windows, self.reach(source, 0)
        if windows.count(windows[0]) < len(windows):
            return super().reaches(source)
        return (reach,) * len(windows) if reach else ()

    def caption(self) -> str:
        return with_kernel(self.called or self.kind, self.setting("kernel"))

    def remarks(self) -> tuple[str, ...]:
        return unusual(self.setting("stride"), self.setting("dilation"))

    def needed_padding(self, source: Volume) -> tuple[tuple[int, int], ...]:
        """Return the padding with which a plain sliding makes the output; what no window reads is left to PyTorch.

        It is never negative: PyTorch's ``pad`` takes away before it pads, and cannot take more than there is.
        """
        cells = zip(self.windows, source.spatial, self.spatial(source), strict=True)
        read = [(w, (out - 1) * w.stride + w.extent - size - w.before) for w, size, out in cells]
        return tuple([(w.before, max(w.after, after)) for w, after in read])

    def places(self, source: Volume) -> Iterator[list[int]]:
        """Yield for each window the places within a channel that it reads, or `OUTSIDE` in the padding."""
        cells = zip(source.spatial, self.spatial(source), self.windows, strict=True)
        axes = [sliding(size, made, w.kernel, w.stride, w.before, w.dilation) for size, made, w in cells]
        return places(axes, source.spatial)

    def padding_kernel(self, source: Volume) -> Kernel:
        """Return the kernel that pads in front of the window, where PyTorch's layer does not do it itself."""
        cells = zip(source.spatial, self.needed_padding(source), strict=True)
        makes = source.with_spatial([size + sum(sides) for size, sides in cells]).values
        return Kernel("pad", makes, lies=order_of_images(source.dimensions))

    def allows(self, window: Window) -> bool:
        """Say whether the layer could have such a window at all."""
        return True

    @property
    def plain(self) -> bool:
        """Whether PyTorch's own padding will do: the same on both sides."""
        return all(window.before == window.after for window in self.windows)

    def setting(self, name: str) -> tuple[int, ...]:
        """Return one setting of all windows: ``kernel``, ``stride``, ``dilation``, ``before``."""
        return tuple([getattr(window, name) for window in self.windows])

    def dropped(self, source: Volume) -> tuple[int, ...]:
        sizes = zip(self.windows, source.spatial, self.spatial(source), strict=True)
        return tuple([window.dropped(size, outputs) for window, size, outputs in sizes])

    def letters(self, sources: tuple[Volume, ...]) -> Letters:
        padding = "2P" if self.plain else "P₁ + P₂"
        dilated = any(window.dilation > 1 for window in self.windows)
        quotient = f"(W − {'(D·(F − 1) + 1)' if dilated else 'F'} + {padding})/S"
        if self.rounding in _BRACKETS and not all(map(Window.fits, self.windows, sources[0].spatial)):
            quotient = quotient.join(_BRACKETS[self.rounding])
        return Letters(f"{quotient} + 1")

    def size_sums(self, sources: tuple[Volume, ...]) -> tuple[str, ...]:
        cells = zip(self.windows, sources[0].spatial, strict=True)
        return tuple([window.sum(size, self.rounding) for window, size in cells])


# ---- what would fit


def does_not_fit(layer: Windowed, source: Volume) -> Fault:
    """Make the fault for windows that do not fit, with the sum and the repairs."""
    sizes = source.spatial
    kernel = [window.kernel for window in layer.windows]
    if any(window.room(size) < 0 for window, size in zip(layer.windows, sizes, strict=True)):
        return _too_large(layer, source, kernel)
    stride = _by_dimension([window.stride for window in layer.windows])
    cells = _cells(layer.windows, sizes)
    return Fault(
        "does-not-fit",
        f"{_sized('window', kernel)} with stride {stride} does not fit {_sized('input', sizes)}",
        about="stride",
        detail="; ".join(_failing_sums(layer.windows, sizes)),
        hints=Later(partial(_repaired, layer, source)),
        changes=tuple([(w.room(size) % w.stride, -w.room(size) % w.stride) for w, size in cells]),
    )


def _too_large(layer: Windowed, source: Volume, kernel: list[int]) -> Fault:
    sizes = source.spatial
    padded = "padded " if any(window.before or window.after for window in layer.windows) else ""
    extents = _joined([window.extent for window in layer.windows])
    dilated = f" (dilated to {extents})" if any(window.dilation > 1 for window in layer.windows) else ""
    whole = [size + window.before + window.after for window, size in _cells(layer.windows, sizes)]
    return Fault(
        "too-large",
        f"{_sized('window', kernel)}{dilated} is larger than {_sized(f'{padded}input', whole, 'the')}",
        about="size",
        hints=Later(partial(_smaller, layer, sizes)),
        changes=tuple([(0, max(0, -window.room(size))) for window, size in _cells(layer.windows, sizes)]),
    )


def _failing_sums(windows: Sequence[Window], sizes: Sequence[int]) -> Iterator[str]:
    every = enumerate(_cells(windows, sizes))
    failing = [(axis, window, size) for axis, (window, size) in every if not window.fits(size)]
    texts = {f"{window.sum(size)} = {window.result(size)}": axis for axis, window, size in failing}
    alike = len(texts) == 1 and len(failing) == len(windows)
    for text, axis in texts.items():
        yield text if alike else f"{axis_name(axis, len(windows))}: {text}"


def _smaller(layer: Windowed, sizes: Sequence[int]) -> list[str]:
    kernel = [min(window.kernel, (size - 1) // window.dilation + 1) for window, size in _cells(layer.windows, sizes)]
    return ["fits with: " + ", ".join([*_repairs("padding", layer, sizes, _paddings), f"kernel {_joined(kernel)}"])]


def _repaired(layer: Windowed, source: Volume) -> list[str]:
    settings = {"stride": _strides, "padding": _paddings, "kernel": _kernels}.items()
    found = [text for what, changes in settings for text in _repairs(what, layer, source.spatial, changes)]
    return [*(["fits with: " + ", ".join(found)] if found else []), _rounded(layer, source)]


def _rounded(layer: Windowed, source: Volume) -> str:
    floored = replace(layer, rounding="floor")
    dropped = floored.dropped(source)
    result = _joined(floored.spatial(source))
    return f"or write `floor`, as PyTorch does → {result} ({never_read(dropped)})"


Repair = Callable[[Window, int], Iterable[Window]]


def _strides(window: Window, size: int) -> Iterator[Window]:
    for stride in range(window.stride - 1, max(0, window.stride - 65), -1):
        yield window._replace(stride=stride)


def _paddings(window: Window, size: int) -> Iterator[Window]:
    short = -window.room(size) if window.room(size) < 0 else -window.room(size) % window.stride
    more = range(short, short + 2 * window.stride, window.stride)
    even = [extra for extra in more if (window.before + window.after + extra) % 2 == 0]
    for extra in even or more:
        total = window.before + window.after + extra
        before = total // 2 if even else window.before + extra // 2
        yield window._replace(before=before, after=total - before)


def _kernels(window: Window, size: int) -> Iterator[Window]:
    for change in range(1, 65):
        for kernel in (window.kernel + change, window.kernel - change):
            if kernel >= 1:
                yield window._replace(kernel=kernel)


def _repairs(what: str, layer: Windowed, sizes: Sequence[int], changes: Repair) -> list[str]:
    """Return the nearest changes of one setting that make every dimension fit, smallest first."""
    choices = [
        [window]
        if window.fits(size)
        else [new for new in changes(window, size) if new.fits(size) and layer.allows(new)]
        for window, size in _cells(layer.windows, sizes)
    ]
    found: list[str] = []
    for rank in range(min(2 if what == "stride" else 1, max(map(len, choices)))):
        if not all(choices):
            break
        chosen = [choice[min(rank, len(choice) - 1)] for choice in choices]
        result = _joined([window.outputs(size, "floor") for window, size in _cells(chosen, sizes)])
        found.append(f"{what} {setting_text(what, chosen)} → {result}")
    return found[::-1] if what == "stride" else found


def setting_text(what: str, windows: Sequence[Window]) -> str:
    """Write one setting of all windows: ``2`` for a stride, ``1`` or ``0:1x0`` for a padding, ``3x3`` for a kernel."""
    if what == "stride":
        return _by_dimension([window.stride for window in windows])
    if what == "kernel":
        return _joined([window.kernel for window in windows])
    both = [(window.before, window.after) for window in windows]
    pads = [str(before) if before == after else f"{before}:{after}" for before, after in both]
    return pads[0] if len(set(pads)) == 1 else "x".join(pads)


def _cells(windows: Sequence[Window], sizes: Sequence[int]) -> list[tuple[Window, int]]:
    return list(zip(windows, sizes, strict=True))


def _joined(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))


def _by_dimension(values: Sequence[int]) -> str:
    return _joined(values) if len(set(values)) > 1 else str(values[0])


def _sized(noun: str, sizes: Sequence[int], article: str = "") -> str:
    """Write ``a 3x3 window``; one size stands behind its noun, ``a window of 3``."""
    if len(sizes) == 1:
        return f"{article or ('an' if noun[0] in 'aeiou' else 'a')} {noun} of {sizes[0]}"
    return f"{article or _article(sizes[0])} {_joined(sizes)} {noun}"


def _article(number: int) -> str:
    text = f"{number:,}"
    return "an" if text.startswith("8") or text.split(",")[0] in ("11", "18") else "a"

"""Changes of the order of dimensions in Keras, where a few layers together are one of a spec.

A shuffle of channels is written as a table of groups that is turned over, a range of channels as rows that are cropped
after the channels were brought to the front, and PyTorch's ``flatten`` and ``reshape`` with all positions of a channel
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, NoReturn

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import Draft, DraftStep
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.literals import PlacedList, PlacedTable, whole

FIRST, TURNED = "first", "turned"
"""Orders of a tensor: its channels in front, and a table of groups of channels turned over."""


class OtherOrder(NamedTuple):
    """A tensor whose dimensions are in another order than a volume's.

    Attributes:
        order: which one.
        step: the step whose volume it is.
        channels: the first channel of the volume that is left, and the one behind the last; with `TURNED` the groups.

    """

    order: str
    step: int
    channels: tuple[int, int]


class KerasOrders:
    """The tensors of a model in other orders, which have negative numbers in the place of a step's index."""

    def __init__(self, draft: Draft, volumes: DraftVolumes) -> None:
        self.draft = draft
        self.volumes = volumes
        self.others: list[OtherOrder] = []

    def read(self, kind: str, config: PlacedTable, index: int, span: Span) -> int | None:
        """Return what a layer makes that changes an order, or works in another one; None for any other layer.

        Raises:
            SpecError: ``cannot-import`` for a layer that works on an order that no layer of a spec has.
        """
        if index >= 0 and kind != "Permute":
            return None
        known = self.others[-index - 1] if index < 0 else None
        reader = _READERS.get((kind, known.order if known else ""))
        volume = self.volumes.of(known.step if known else index)
        made = reader(self, config, known or OtherOrder("", index, (0, 0)), volume) if reader else None
        if made is None:
            self._refuse(kind, span)
        if isinstance(made, OtherOrder):
            self.others.append(made)
            return -len(self.others)
        layer, source = made
        return self.draft.add(layer, span, [source], name=str(config.get("name", "")))

    def check(self, indices: Iterable[int], span: Span) -> None:
        """Refuse a tensor in another order where a volume is wanted."""
        if min(indices, default=0) < 0:
            self._refuse("Permute", span)

    def _refuse(self, kind: str, span: Span) -> NoReturn:
        place = Span(span.start, span.start + 1)
        self.draft.refuse(place, f"this {kind} cannot be said: dimensions are in an order that no layer has")

    def permute(
        self, config: PlacedTable, known: OtherOrder, volume: Volume | None
    ) -> OtherOrder | tuple[str, int] | None:
        """Bring the channels of a volume to the front, or to the end, or turn a table of groups over."""
        dims = _numbers(config.get("dims"))
        if volume is None:
            return self._turned(known.step, dims)
        rank = volume.dimensions + 1
        if dims == [*range(2, rank + 1), 1] and (step := self._reshape_of_vector(known.step)):
            channels, *spatial = volume
            return f"reshape {Volume.of(spatial, channels)}", self._taken_back(step)
        return OtherOrder(FIRST, known.step, (0, volume.channels)) if dims == [rank, *range(1, rank)] else None

    def _reshape_of_vector(self, index: int) -> DraftStep | None:
        """Return the last step, if a step is that and makes a volume of a vector, whose order is that of its values."""
        step = self.draft.steps[index - 1] if 0 < index == self.draft.last else None
        if step is None or len(step.layers) != 1 or not step.layers[0].startswith("reshape "):
            return None
        source = self.volumes.of(step.inputs[0])
        return step if source is not None and source.values == source.channels else None

    def _taken_back(self, step: DraftStep) -> int:
        """Take the last step back, which is another layer together with the next one, and return what it reads."""
        self.volumes.forget(self.draft.last)
        self.draft.steps.pop()
        return step.inputs[0]

    def _turned(self, index: int, dims: Sequence[int]) -> OtherOrder | None:
        """Turn a table of groups over, which no layer of a spec makes: the last step is none any more."""
        step = self.draft.steps[index - 1] if 0 < index == self.draft.last else None
        if step is None or len(step.layers) != 1 or not step.layers[0].startswith("reshape "):
            return None
        *spatial, groups, each = [int(size) for size in step.layers[0].removeprefix("reshape ").split("x")]
        rank = len(spatial) + 2
        if dims != [*range(1, rank - 1), rank, rank - 1] or self.volumes.of(step.inputs[0]) != (
            *spatial,
            groups * each,
        ):
            return None
        return OtherOrder(TURNED, self._taken_back(step), (groups, groups))

    def crop(self, config: PlacedTable, known: OtherOrder, volume: Volume | None) -> OtherOrder | None:
        """Cut out a range of channels, which are in front."""
        rows = config.get("cropping")
        sides = [_numbers(row) for row in rows] if isinstance(rows, PlacedList) else []
        if len(sides) != 2 or volume is None or volume.dimensions != 2 or len(sides[0]) != 2 or sides[1] != [0, 0]:
            return None
        start, stop = known.channels
        return known._replace(channels=(start + sides[0][0], stop - sides[0][1]))

    def permute_back(self, config: PlacedTable, known: OtherOrder, volume: Volume | None) -> tuple[str, int] | None:
        """Bring the channels back; what was cropped of them is sliced."""
        start, stop = known.channels
        wanted = [*range(2, volume.dimensions + 2), 1] if volume else []
        if _numbers(config.get("dims")) != wanted or not 0 <= start < stop:
            return None
        return f"slice {start}:{stop}", known.step

    def flatten(self, config: PlacedTable, known: OtherOrder, volume: Volume | None) -> tuple[str, int] | None:
        """Stretch a volume whose channels are in front."""
        return ("flatten", known.step) if volume and known.channels == (0, volume.channels) else None

    def join(self, config: PlacedTable, known: OtherOrder, volume: Volume | None) -> tuple[str, int] | None:
        """Make a volume of a table of groups."""
        same = volume is not None and _numbers(config.get("target_shape")) == list(volume)
        return (f"shuffle {known.channels[0]}", known.step) if same else None


Read = Callable[[KerasOrders, PlacedTable, OtherOrder, Volume | None], OtherOrder | tuple[str, int] | None]

_READERS: Mapping[tuple[str, str], Read] = {
    ("Permute", ""): KerasOrders.permute,
    ("Permute", FIRST): KerasOrders.permute_back,
    ("Cropping2D", FIRST): KerasOrders.crop,
    ("Flatten", FIRST): KerasOrders.flatten,
    ("Reshape", TURNED): KerasOrders.join,
}
"""What is read of a layer, by the order of what it takes."""


def _numbers(listed: object) -> list[int]:
    return [whole(each) or 0 for each in listed] if isinstance(listed, PlacedList) else []

"""From which modules and functions of PyTorch a layer is read, and what such a call tells.

A layer lists the calls as PyTorch declares them, without the tensor that comes first:
``"torch.nn.LeakyReLU(negative_slope=0.01, inplace=False)"``. Several that have the same arguments may
share a line, and ``{n}`` stands for 1, 2 and 3 dimensions. A name with a capital letter is a module's class, with the
package that it comes from, or without for a class of that name in any package; other names are functions and methods.
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Pairs, Words


class Signature(NamedTuple):
    """A module's class or a function, the names of its arguments behind the tensor, and PyTorch's values for them.

    The last name may have a star, as in ``*shape``.
    """

    name: str
    arguments: tuple[str, ...]
    usual: Mapping[str, Any]

    @property
    def is_module(self) -> bool:
        """Whether it is the class of a module."""
        return self.name.rpartition(".")[2][:1].isupper()


def signatures(declared: Sequence[str]) -> Iterator[Signature]:
    """Read what a layer lists."""
    import ast

    for text in declared:
        names, bracket, arguments = text.partition("(")
        call = ast.parse(f"f({arguments}" if bracket else "f()", mode="eval").body
        assert isinstance(call, ast.Call)
        usual = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
        given = tuple([ast.unparse(argument) for argument in call.args])
        for name in names.split():
            for number in "123" if "{n}" in name else " ":
                yield Signature(name.replace("{n}", number), (*given, *usual), usual)


class TorchCall(Protocol):
    """A call of a trace as `Layer.from_torch` gets it: what it is given, and the ways to say what it does.

    The ways return what `from_torch` returns; each says how the layer treats the tensor that comes first, and raises
    `Unsayable` where its dimensions hold something else than the layer expects.

    Attributes:
        name: the name of the module's class or of the function: ``GroupNorm``, ``group_norm``.
        first: what comes first: a volume, or a list of volumes, or something else.
        source: the volume that comes first, without padding that is still to be taken over.
        arriving: its shape, with that padding.
        made: the shape of what the call returns.
        negated: whether what comes first has the opposite sign of its volume.
        images_in_front: whether what is taken for channels are the images, with a dimension in front of them.
        channels_last: whether the channels are the last dimension.
    """

    name: str
    first: Any
    source: Volume
    arriving: tuple[int, ...]
    made: tuple[int, ...]
    negated: bool
    images_in_front: bool
    channels_last: bool

    def __getitem__(self, name: str) -> Any:
        """Return an argument or a module's attribute by PyTorch's name; PyTorch's own value where none is given."""

    def with_number(self, name: str) -> tuple[TorchCall, float, bool] | None:
        """Return the call on a volume, the number that it is given beside, and whether that comes first.

        None where it is given something else; a number of the module that is not learned is one too.
        """

    def learned(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a learned tensor, and note that the layer learns it; None where there is none."""

    def turned(self, name: str, other: str) -> TorchCall:
        """Return the call with a learned matrix, which it has with rows as columns, as another argument."""

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a tensor, learned or not; None where there is none."""

    def affine(self, word: str) -> bool:
        """Say whether there are a learned ``weight`` and a learned ``bias``; one alone is refused."""

    def keeps(self, name: str) -> bool:
        """Say whether there is a running statistic, or a constant of this name, and note that the layer keeps it."""

    def fixed(self, name: str) -> Any:
        """Return the values of a tensor that is not learned, as tuples in tuples; None where they are not known."""

    def standardised(self, name: str) -> tuple[float, float | None, tuple[int, ...]] | None:
        """Say how a learned tensor is standardised before it is used, and note what is learned; None where it is not.

        Returns the number that is added to the variance, what multiplies a learned factor per filter (None for no
        factor), and the tensor's shape.
        """

    def common_value(self, name: str) -> float | None:
        """Return the one value that all numbers of a learned tensor have; None where they differ or are not known."""

    def factor(self, name: str) -> int:
        """Return how many numbers a learned tensor has, 1 or one for each channel, and note it; 0 where it is none."""

    def settled(self) -> TorchCall:
        """Return the call on images with their channels first, with padding that is not a layer of its own."""

    def behind(self, result: Any) -> TorchCall:
        """Return the call on what another layer has made, in the place of what comes first."""

    def unchanged(self) -> Any:
        """Say that the call makes no layer."""

    def elementwise(self, words: Words) -> Any:
        """Say that a layer works on every value alone, whatever its place."""

    def channelwise(self, words: Words) -> Any:
        """Say that a layer keeps the volume, and expects channels first."""

    def over_channels(self, words: Words, axis: int) -> Any:
        """Say that a layer works over the channels at each position, which must lie along an axis."""

    def along_channels(self) -> bool:
        """Say whether what comes first is N x 1 x C: the channels where a 1-D convolution looks for positions."""

    def along(self, axis: int) -> tuple[str, int]:
        """Return what an axis runs over, and how many values.

        That is ``channels``, equal parts of the channels (``groups``), channels side by side (``neighbours``), all
        ``positions``, or ``one`` value.
        """

    def groups_first(self, axis: Any) -> TorchCall:
        """Return a call whose input has the part of its channels along an axis as groups; a shuffle brings it there."""

    def without(self, axis: int, keeps: bool) -> Any:
        """Say that the call makes no layer of an axis of one value; ``keeps`` says that the axis stays."""

    def reduced(self, words: Words, axis: int, keeps: bool) -> Any:
        """Say that a layer makes one value of an axis of channels; ``keeps`` says that the axis stays."""

    def widened(self, words: Words, by: int) -> Any:
        """Say that a layer adds channels, which must be the second dimension."""

    def halved(self, words: Words, axis: int) -> Any:
        """Say that a layer makes half as many channels, which must lie along an axis."""

    def sliding(self, words: Words, volume: Volume | None = None) -> Any:
        """Say that a layer makes a volume of images: this one, or the one that the call returns."""

    def with_places(self, pool: Any) -> Any:
        """Say that a max pool, read already, also returns where the maxima were."""

    def at_places(self, word: str, given: Any) -> Any:
        """Say that a layer puts values back where a max pool took them, as the call is given."""

    def window(self, words: Callable[[Pairs], Words], pads: Pairs, fill: float, **how: bool) -> Any:
        """Say that a window slides over images; padding in front of it with what it pads with becomes its own.

        ``negates`` says that between two changes of the sign it is another layer; ``always`` that PyTorch's has no
        padding, so that all padding in front is its own.
        """

    def padded(self, pads: Pairs, fill: float) -> Any:
        """Say that zeros (or −∞) are put around images, which the next window may take over."""

    def over_positions(self, words: Callable[[tuple[int, ...]], Words]) -> Any:
        """Say that a layer makes one value of all positions along some dimensions, given the sizes that it makes."""

    def linear(self, outputs: int, vector: Words, positions: Words) -> Any:
        """Say that a matrix is multiplied with a vector, or with the channels at every position."""

    def merged(self, kind: str, volumes: Sequence[Any]) -> Any:
        """Say that a merge takes several volumes."""

    def merged_sum(self, kind: str, summed: str, count: Any) -> Any:
        """Say that a merge takes the volumes whose sum comes first, if there are so many; None if not."""

    def merged_with(self, kind: str, other: str, neutral: int | None) -> Any:
        """Say that a merge takes what comes first and another argument; a number must be the neutral one."""

    def joined(self, kind: str, axis: int) -> Any:
        """Say that a merge puts the channels of several volumes behind each other, along an axis."""

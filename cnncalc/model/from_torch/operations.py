"""What a module was read as: operations in execution order, each a layer as the language writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import fx

from cnncalc.core.volume import Volume
from cnncalc.layers.inputs import InputLayer
from cnncalc.layers.written import Tokens, Words
from cnncalc.model.from_torch.given import GivenInput
from cnncalc.model.from_torch.traced_modules import ModuleScope


class Learned(NamedTuple):
    """A tensor of a layer.

    Attributes:
        role: what it is in the layer, such as ``weight`` or ``running_mean``.
        path: where the module has it, as the trace knows it; "" where it is computed from others.
        numbers: how many learned numbers it has; 0 where it is not learned.
        steps: the calls that compute it; none where the module has it as it is.
    """

    role: str
    path: str
    numbers: int
    steps: tuple[fx.Node, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from all other tensors of the module."""
        return self.path or self.steps[-1].name


class ReadLayer(NamedTuple):
    """One layer, or one merge.

    Attributes:
        word: the layer's word.
        tokens: what follows it.
        inputs: the operations that it reads, from 1; 0 is the input. Of several each is an operation, which reads 0.
        output: the volume that it makes.
        path: where the module does it.
        scopes: the modules that it lies in, outermost first; None where only its neighbours can tell.
        tensors: the tensors of the module that it uses.
        line: the line of the user's code that does it.
        node: the call of the trace that returns what it makes; "" where none does as it is.
        name: what one of several inputs is called.
    """

    word: str
    tokens: Tokens
    inputs: tuple[int, ...]
    output: Volume
    path: str
    scopes: tuple[ModuleScope, ...] | None
    tensors: tuple[Learned, ...] = ()
    line: str = ""
    node: str = ""
    name: str = ""

    @property
    def words(self) -> Words:
        """The layer as it is written."""
        return Words(self.word, self.tokens)

    @property
    def params(self) -> int:
        """How many parameters it learns."""
        return sum([tensor.numbers for tensor in self.tensors])

    @property
    def is_input(self) -> bool:
        """Whether it is one of several inputs."""
        return self.word == InputLayer.kind


class Readout(NamedTuple):
    """All that a module does: its live operations, and the parameters that they do not read.

    ``layout`` is the order in which the output has the numbers of the last operation, and ``notes`` say
    what the text cannot. ``rounding`` is "floor" where a window does not fit a whole number of times. Of several
    outputs, ``outputs`` and ``layouts`` have all, in their order.
    """

    given: tuple[GivenInput, ...]
    operations: tuple[ReadLayer, ...]
    output: int
    unused: tuple[str, ...]
    layout: str = "first"
    notes: tuple[str, ...] = ()
    rounding: str = ""
    outputs: tuple[int, ...] = ()
    layouts: tuple[str, ...] = ()

    @property
    def input(self) -> Volume:
        """What goes in; of several inputs the first one."""
        return self.given[0].volume

    @property
    def ends(self) -> tuple[int, ...]:
        """The operations that make the outputs, one or several."""
        return self.outputs or (self.output,)

    def at(self, places: Sequence[int] | Mapping[int, int]) -> Readout:
        """Return the same with other numbers for its outputs."""
        return self._replace(output=places[self.output], outputs=tuple([places[index] for index in self.outputs]))

    def volume(self, index: int) -> Volume:
        """Return the volume behind an operation, or the input."""
        return self.operations[index - 1].output if index else self.input

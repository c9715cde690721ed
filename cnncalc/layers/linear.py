"""Fully connected layers and what makes a vector of a volume: ``fc``, ``flatten``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Letters, MatrixProduct, Reach, Sources
from cnncalc.layers.convolution import pointwise_words
from cnncalc.layers.convolution_memory import without_gradient
from cnncalc.layers.given import NOT_GIVEN, Given, matrix_tokens, read_given_matrix
from cnncalc.layers.kernels import INPUTS, LOWERED, NOTHING, ROWS, Kernel, Kernels, stretched
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import flag, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


class Flattening(Layer):
    """A layer each of whose values sees every position, like a window as large as the volume."""

    takes_vectors = True
    makes_vectors = True

    def reach(self, source: Volume, axis: int) -> Reach | None:
        size = source.spatial[axis]
        return None if size == 1 else Reach(((0, size - 1),), size)


@register("fc", heads=r"-\d+")
@dataclass(eq=False, repr=False)
class FullyConnected(Flattening):
    """``fc 4096 nobias``, ``fc-4096``; stretches the volume to a vector by itself."""

    outputs: int
    bias: bool
    given: Given = NOT_GIVEN

    kind = "fc"
    role = "linear"
    output_is_free = True
    other_names = (("fc", "linear dense fullyconnected connected", r"(?:fully ?-?connected|dense|linear)"),)
    examples = (
        "4x4x3: fc 10",
        "1x1x6: fc 10 nobias",
        "4x4x3: fc 10 fixed",
        "1x1x3: fc 2 fixed kernel=[1 -1 0; 0.5 0 2] bias=[-1 0.5]",
        "1x1x2: fc 1 kernel=[1 1] bias=-1.5",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> FullyConnected:
        if arguments.head:
            size: tuple[int, ...] = (arguments.whole_number(arguments.head[1:], "size", 1),)
        else:
            size = arguments.size("`fc 10`: the number of outputs")
        if len(size) != 1:
            written = shorten("x".join(map(str, size)))
            hints = [f"it flattens its input; write `fc {size[-1]}`"]
            raise Fault("bad-size", f"fc takes one number of outputs, not `{written}`", about="size", hints=hints)
        bias = not arguments.flag("nobias")
        return cls(size[0], bias, read_given_matrix(arguments, arguments.source.values, size[0], biases=bias))

    def caption(self) -> str:
        return f"{self.kind} {self.outputs}"

    def output(self, sources: Sources) -> Volume:
        return sources[0].vector(self.outputs)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return () if self.given.fixed else (*_inputs(sources[0]), self.outputs)

    def biases(self, sources: Sources) -> int:
        return self.outputs if self.bias and not self.given.fixed else 0

    def letters(self, sources: Sources) -> Letters:
        inputs = "C" if max(sources[0].spatial) == 1 else f"{'·'.join(['W'] * sources[0].dimensions)}·C"
        return Letters("", f"({inputs} + 1)·K" if self.bias else f"{inputs}·K", f"K·{inputs}")

    def weight_matrix(self, sources: Sources) -> tuple[int, int] | None:
        return None if self.given.fixed else (self.outputs, sources[0].values)

    def is_fixed(self) -> bool:
        return self.given.fixed

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return (self.outputs, *_inputs(sources[0]))

    torch_calls = (
        "torch.nn.Linear(in_features, out_features, bias=True)",
        "linear(weight, bias=None)",
        "matmul mm(other)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        """Read a matrix: fully connected on a vector, a 1x1 convolution at every position."""
        if call.name in ("matmul", "mm"):
            call = call.turned("other", "weight")
        source = call.source
        given = matrix_tokens(call, source.dimensions)
        shape = call.learned("weight") if given is None else call.shape("weight")
        assert shape is not None  # a matrix
        bias = (call.learned("bias") if given is None else call["bias"]) is not None
        of_vector, of_positions = given or ((), ())
        vector = words(cls.kind, size((shape[0],), "width"), flag("nobias", not bias), of_vector)
        pointwise = pointwise_words(source.channels, shape[0], bias, source.dimensions)
        return call.linear(shape[0], vector, pointwise._replace(tokens=(*pointwise.tokens, *of_positions)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        linear = self.given.step(module("Linear", sources[0].values, self.outputs, bias=self.bias))
        return (linear,) if vector else (FLATTEN, linear)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        return self.given.state((self.outputs, sources[0].values), self.outputs if self.bias else 0)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        rows = channels_of(state["weight"], self.outputs)
        biases = state.get("bias") or [0] * self.outputs
        return [use.products(arriving[0], row, bias) for row, bias in zip(rows, biases, strict=True)]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        linear = Kernel("linear", self.outputs, keeps=INPUTS, parameters=self.tensors(sources), needs=ROWS)
        if self.given.fixed:  # its input is needed for the gradient of weights alone
            weights = self.outputs * sources[0].values
            linear = without_gradient(linear, weights, self.outputs * self.bias)._replace(keeps=NOTHING)
        return (linear._replace(casts=LOWERED),)

    def matrix_product(self, sources: Sources) -> MatrixProduct:
        return MatrixProduct(self.outputs, sources[0].values, 1)


@register("flatten")
class Flatten(Flattening):
    """``flatten``: stretches a volume to 1x1xN."""

    kind = "flatten"
    examples = ("4x4x3: flatten",)

    def output(self, sources: Sources) -> Volume:
        return sources[0].vector(sources[0].values)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return () if vector else (FLATTEN,)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        return arriving[0]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (stretched(sources[0].values),)


FLATTEN = Function("flatten", (1,))


def _inputs(source: Volume) -> tuple[int, ...]:
    """Return the factors of the number of inputs; a vector's 1x1 is not worth writing."""
    return (source.channels,) if max(source.spatial) == 1 else tuple(source)

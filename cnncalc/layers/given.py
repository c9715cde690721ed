"""Numbers that a spec gives a layer: ``conv 3x3x1 fixed kernel=sobelx``, ``fc 1 kernel=[1 1] bias=-1.5``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from cnncalc.core.errors import Fault
from cnncalc.core.numbers import counted
from cnncalc.core.words import shorten
from cnncalc.layers.number_lists import Filters, read_number
from cnncalc.layers.operations import Number, StateTensor, exact
from cnncalc.layers.steps import Module, Preset, Step
from cnncalc.layers.written import Token, Tokens, Unsayable, flag, literal, of_float32, short

if TYPE_CHECKING:
    from cnncalc.layers.arguments import Arguments
    from cnncalc.layers.torch_calls import TorchCall

MOST_WRITTEN = 49
"""Most numbers of a layer that an import writes out."""


class Given(NamedTuple):
    """What a spec says of a layer's numbers.

    Attributes:
        kernel: filters of channels of rows, spread over all filters and channels where there is one (rows of a matrix
            for a fully connected layer); None where none are written.
        bias: a number, or one for each filter; () where none is written.
        fixed: whether they are constants; else they are first values, and learned.

    """

    kernel: Any = None
    bias: tuple[float, ...] = ()
    fixed: bool = False

    def step(self, module: Module) -> Step:
        """Return a module with these numbers."""
        values = {} if self.kernel is None else {"weight": self.kernel}
        values |= {"bias": self.bias} if self.bias else {}
        return Preset(module, values, not self.fixed) if values or self.fixed else module

    def state(self, shape: tuple[int, ...], biases: int) -> tuple[StateTensor, ...]:
        """Return the weights of this shape and so many biases as tensors of a layer's state."""
        start = () if self.kernel is None else GivenNumbers(self.kernel, shape)
        weight = StateTensor("weight", shape, start, not self.fixed)
        first = self.bias or (() if self.kernel is None else (0,))  # beside a kernel that is given, nothing is added
        bias = StateTensor("bias", (biases,), tuple(map(exact, first)), not self.fixed)
        return (weight, bias) if biases else (weight,)


class GivenNumbers(Sequence[Number]):
    """Tuples in tuples as one sequence, where one value of a dimension serves all of it.

    A number is made when it is asked for: a kernel of nine numbers may serve billions of channels, and most who ask a
    layer for its tensors want their names and sizes.
    """

    def __init__(self, values: Any, shape: Sequence[int]) -> None:
        self._values = values
        self._shape = tuple(shape)

    def __len__(self) -> int:
        return prod(self._shape)

    def __iter__(self) -> Iterator[Number]:
        return map(exact, _spread(self._values, self._shape))

    @overload
    def __getitem__(self, place: int) -> Number: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Number, ...]: ...
    def __getitem__(self, place: int | slice) -> Number | tuple[Number, ...]:
        return tuple(self)[place]


def _spread(values: Any, shape: Sequence[int]) -> Iterator[float]:
    """Yield the numbers in tuples in tuples, last dimension fastest."""
    if not shape:
        yield values
        return
    for part in repeat(values[0], shape[0]) if len(values) == 1 else values:
        yield from _spread(part, shape[1:])


NOT_GIVEN = Given()


def read_given(
    arguments: Arguments, sides: Sequence[int], channels: Callable[[], int], filters: int, *, biases: bool
) -> Given:
    """Read ``fixed``, ``kernel=`` and ``bias=`` of a layer with these filters.

    ``channels`` says over how many channels each filter goes; it is asked only where their numbers are written out.
    """
    numbers, name, bias = arguments.numbers("kernel"), arguments.option("kernel"), _bias(arguments, filters, biases)
    kernel = None
    if numbers is not None:
        kernel = _of_list(numbers, tuple(sides), channels(), filters)
    elif name is not None:
        from cnncalc.layers.named_kernels import named_kernel  # few specs have one

        kernel = ((named_kernel(name, tuple(sides)),),)
    return Given(kernel, bias, arguments.flag("fixed"))


def read_given_matrix(arguments: Arguments, inputs: int, outputs: int, *, biases: bool) -> Given:
    """Read ``fixed``, ``kernel=`` and ``bias=`` of a fully connected layer: a row for each output, or one for all."""
    numbers, bias = arguments.numbers("kernel"), _bias(arguments, outputs, biases, "outputs")
    name = arguments.option("kernel")
    if name is not None:
        hints = ["write a row of numbers for each output, as in `fc 2 kernel=[1 -1; 0.5 2]`"]
        raise Fault("bad-option", f"{arguments.word} has no kernels with a name", about="kernel", hints=hints)
    if numbers is None:
        return Given(None, bias, arguments.flag("fixed"))
    rows = numbers[0][0]
    if (len(numbers), len(numbers[0])) != (1, 1) or len(rows[0]) != inputs or len(rows) not in (1, outputs):
        message = f"the list `kernel` is not a matrix of {outputs} x {inputs}"
        hints = [f"write {counted(outputs, 'row')} of {counted(inputs, 'number')}; one row serves all outputs"]
        raise Fault("bad-size", message, about="kernel", hints=hints)
    return Given(rows, bias, arguments.flag("fixed"))


def read_factors(arguments: Arguments, count: int) -> tuple[float, ...]:
    """Read ``kernel=[1 2 3]`` of a layer with so many factors: a number for each; () where none are written."""
    numbers, name = arguments.numbers("kernel"), arguments.option("kernel")
    if name is not None:
        hints = [f"write {counted(count, 'number')} in brackets, as in `kernel=[0.5 2]`"]
        raise Fault("bad-option", f"`{shorten(name)}` is not a list of factors", about="kernel", hints=hints)
    if numbers is None:
        return ()
    row = numbers[0][0][0]
    if (len(numbers), len(numbers[0]), len(numbers[0][0])) != (1, 1, 1) or len(row) != count:
        message = f"the list `kernel` takes {counted(count, 'number')}, one for each channel"
        raise Fault("bad-size", message if count > 1 else "the list `kernel` takes one number", about="kernel")
    return row


def _bias(arguments: Arguments, filters: int, biases: bool, what: str = "filters") -> tuple[float, ...]:
    numbers, single = arguments.numbers("bias"), arguments.option("bias")
    if not biases and (numbers, single) != (None, None):
        hints = ["leave out `nobias`, or leave out the numbers"]
        raise Fault("bad-option", "`nobias` leaves out what `bias` sets", about="bias", hints=hints)
    if numbers is None:
        return () if single is None else (read_number(single, "bias"),)
    found = numbers[0][0][0]
    if len(found) not in (1, filters) or (len(numbers), len(numbers[0]), len(numbers[0][0])) != (1, 1, 1):
        raise Fault("bad-size", f"the list `bias` has one number, or one for each of {filters} {what}", about="bias")
    return found


def _of_list(numbers: Filters, sides: tuple[int, ...], channels: int, filters: int) -> Any:
    """Return a list as the kernels of all filters; one kernel serves every channel, one filter all."""
    rows = numbers[0][0]
    found = (len(rows), len(rows[0])) if len(sides) == 2 else (len(rows[0]),) if len(rows) == 1 else ()
    written = "x".join(map(str, sides))
    if found != sides:
        here = f"{len(rows)}x{len(rows[0])}"
        raise Fault("bad-size", f"the list `kernel` is {here}, and the kernel is {written}", about="kernel")
    if len(numbers) not in (1, filters) or len(numbers[0]) not in (1, channels):
        message = f"the list `kernel` has {len(numbers)} filters of {len(numbers[0])} channels"
        hints = [f"there are {filters} filters of {channels} channels; one serves all"]
        raise Fault("bad-size", message, about="kernel", hints=hints)
    return numbers if len(sides) == 2 else tuple([tuple([rows[0] for rows in each]) for each in numbers])


# ---- the way back


def given_tokens(call: TorchCall, *, single: bool = False) -> Tokens | None:
    """Write the constants of a convolution of PyTorch; None where it learns its numbers.

    ``single`` says that there can be one kernel alone, for every channel and filter.
    """
    found = _constants(call)
    if found is None:
        return None
    weight, bias = found
    several = len({channel for each in weight for channel in each}) > 1
    text = "" if single and several else _kernel_text(weight)
    return _fixed(call, text, bias)


def matrix_tokens(call: TorchCall, dimensions: int) -> tuple[Tokens, Tokens] | None:
    """Write the constants of a matrix of PyTorch, for a fully connected layer and for one at every position.

    None where it learns its numbers.
    """
    found = _constants(call)
    if found is None:
        return None
    weight, bias = found
    if len(weight) * len(weight[0]) > MOST_WRITTEN:
        return (_fixed(call, "", bias),) * 2
    rows = weight[:1] if len(set(weight)) == 1 else weight
    cells = tuple([tuple([_of_one(number, dimensions) for number in row]) for row in weight])
    return _fixed(call, f"[{_rows(rows)}]", bias), _fixed(call, _kernel_text(cells), bias)


def factor_tokens(call: TorchCall, name: str) -> Tokens:
    """Write the factors of PyTorch's tensor of this name, which are learned or constants."""
    values = call.fixed(name)
    if values is None:
        numbers = prod(call.learned(name) or ())
        value = call.common_value(name)
        return (*literal("", 1.0 if value is None else of_float32(value), 1.0), *flag("one", numbers == 1))
    flat = tuple(_flat(values))
    one, fixed = flag("one", len(flat) == 1), Token("fixed")
    if len(set(flat)) == 1:
        return (*literal("", of_float32(flat[0]), 1.0), *one, fixed)
    if len(flat) > MOST_WRITTEN:
        call.keeps(name)
        return (*one, fixed)
    return (*one, fixed, Token(f"kernel=[{' '.join([short(of_float32(number)) for number in flat])}]"))


def _flat(values: Any) -> Iterator[float]:
    if isinstance(values, tuple):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _of_one(number: float, dimensions: int) -> Any:
    """Return a kernel of one position."""
    return (_of_one(number, dimensions - 1),) if dimensions else number


def _constants(call: TorchCall) -> tuple[Any, Any] | None:
    """Return the weights and the biases that a call has as constants; None where it learns its weights."""
    weight, bias = call.fixed("weight"), call.fixed("bias")
    if weight is None:
        return None
    if bias is None and call["bias"] is not None:
        raise Unsayable("it learns its biases and not its weights")
    return weight, bias


def _fixed(call: TorchCall, kernel: str, bias: tuple[float, ...] | None) -> Tokens:
    """Write ``fixed`` with the numbers; without a text for the kernel, the module's tensors have them."""
    if not kernel or len(bias or ()) > MOST_WRITTEN:
        call.keeps("weight")
        call.keeps("bias")
        return (Token("fixed"),)
    tokens = (Token("fixed"), Token(f"kernel={kernel}"))
    if not bias or not any(bias):
        return tokens if not bias else (*tokens, Token("bias=0"))
    numbers = bias[:1] if len(set(bias)) == 1 else bias
    return (*tokens, Token(f"bias=[{' '.join(map(short, numbers))}]"))


def _kernel_text(weight: Any) -> str:
    """Write the kernels of all filters by a name or by numbers; "" where these are too many."""
    kernels = {channel for each in weight for channel in each}
    if len(kernels) == 1:
        (kernel,) = kernels
        sides = _sides(kernel)
        from cnncalc.layers.named_kernels import WRITTEN_KERNELS, has_size, named_kernel  # few modules have one

        for name in WRITTEN_KERNELS:
            if has_size(name, sides) and _near(kernel, named_kernel(name, sides)):
                return name
        weight = ((kernel,),)
    sides = _sides(weight[0][0])
    if len(sides) > 2 or prod(_sides(weight)) > MOST_WRITTEN:
        return ""
    return f"[{' || '.join([' | '.join([_rows(channel) for channel in each]) for each in weight])}]"


def _rows(kernel: Any) -> str:
    rows = kernel if isinstance(kernel[0], tuple) else (kernel,)
    return "; ".join([" ".join(map(short, row)) for row in rows])


def _sides(values: Any) -> tuple[int, ...]:
    return (len(values), *_sides(values[0])) if isinstance(values, tuple) else ()


def _near(first: Any, second: Any) -> bool:
    if isinstance(first, tuple):
        return all(_near(a, b) for a, b in zip(first, second, strict=True))
    return bool(abs(first - second) < 1e-7)

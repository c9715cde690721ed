"""The statements of a ``forward``: one layer or a few on a line, and names for what is read again later."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cnncalc.model.python.arguments import may_be_called
from cnncalc.model.python.calls import Body, BodyItem, Counting, Loop, PythonCall, SharedWork
from cnncalc.model.python.lines import WIDTH, Brackets, flat, laid_out

_CHAIN = ("x", "y")  # variables for what only the next statement reads
_LONGEST_NAME = 20

METHODS: Mapping[str, str] = {
    "amax": "amax",
    "flatten": "flatten",
    "mean": "mean",
    "movedim": "movedim",
    "narrow": "narrow",
    "squeeze": "squeeze",
    "sum": "sum",
    "unflatten": "unflatten",
    "unsqueeze": "unsqueeze",
}
"""Functions that are written as methods of a tensor."""

SIGNS = {"add": "+", "mul": "*", "sub": "-"}


_CALL = re.compile(r"(self\.\w+\(|nn\.functional\.\w+\()(\w+(?:, [^()]+|, \([^()]*\))*)\)")


class TorchExpression(NamedTuple):
    """A value as it is written; one that is not simple needs brackets in front of a method."""

    text: str
    simple: bool = True


def forward(body: Body) -> list[str]:
    """Return the lines of a ``forward`` behind its head."""
    writer = _Forward(body, [f"self.{item.name}" if isinstance(item, BodyItem) else "" for item in body.items])
    writer.write()
    result = writer.result()  # which may write a statement first
    return [*writer.lines, *writer.statement("return ", result)]


def _nothing(name: str) -> bool:
    return False


class _Forward:
    """Writes statements; knows what every variable holds, and who will still read it.

    ``reserved`` says which variables belong to the statements around these.
    """

    def __init__(
        self,
        body: Body,
        modules: list[str],
        indent: int = 8,
        given: str = "x",
        reserved: Callable[[str], bool] = _nothing,
    ) -> None:
        self.body = body
        self.modules = modules
        self.indent = indent
        self.reserved = reserved
        self.lines: list[str] = []
        self.readers = Counter(source for item in body.items for source in item.inputs)
        self.readers.update(body.outputs or (body.output,))
        self.read_next = {place for place, item in enumerate(body.items) if item.inputs == (place,)}
        self.item_names = {item.name for item in body.items if isinstance(item, BodyItem)}
        self.variables = {0: given}
        self.places: dict[int, str] = {}
        self.reads = Counter({given: self.readers[0]})  # how often each variable will still be read
        for place, item in enumerate(body.items, 1):
            if isinstance(item, BodyItem) and not item.inputs:
                self._name(place, item.name)
        self.pending: tuple[int, TorchExpression] | None = None
        self.room = WIDTH - indent - _LONGEST_NAME - len("return ")

    def write(self) -> None:
        """Write all statements but the last one."""
        for place, item in enumerate(self.body.items, 1):
            if isinstance(item, Loop):
                self._loop(place, item)
            elif item.inputs:
                self._item(place, item)

    def result(self) -> str:
        """Return what makes the output, or the variables of several."""
        if self.body.outputs:
            self._flush()
            return ", ".join([self.variables[place] for place in self.body.outputs])
        if self.body.places:
            return f"{self.variables[self.body.output]}, {self.places[self.body.output]}"
        if self.pending and self.pending[0] == self.body.output and self.readers[self.body.output] == 1:
            return self.pending[1].text
        self._flush()
        return self.variables[self.body.output]

    def statement(self, before: str, text: str) -> list[str]:
        """Return the lines of a statement; the brackets of a call without calls inside may be opened."""
        call = _CALL.fullmatch(text)
        return laid_out(before, Brackets(call[1], (call[2],)) if call else text, self.indent)

    # ---- items

    def _item(self, place: int, item: BodyItem) -> None:
        work = item.work
        if self.pending and work.quiet and item.inputs == (self.pending[0],) and self.readers[place - 1] == 1:
            longer = self.pending[1]
            for step in (*work.prepare[0], *work.steps):
                longer = applied(step, self.modules[place - 1], longer)
            if len(longer.text) <= self.room:
                self.pending = place, longer
                return
        self._flush()
        values = [self._read(source) for source in item.inputs]
        written = self._written(place, item, values)
        if work.returns_places:
            self._store_with_places(place, written.text)
        elif written.text == values[0]:
            self._name(place, values[0])  # nothing is done, as to a vector that is flattened again
        else:
            self.pending = place, written

    def _written(self, place: int, item: BodyItem, values: list[str]) -> TorchExpression:
        """Return an item as an expression, after statements for what does not fit on its line."""
        work = item.work
        inputs = [called(prepare, TorchExpression(value)) for prepare, value in zip(work.prepare, values, strict=True)]
        if work.merge == "cat":
            return self._joined(place, [value.text for value in inputs])
        if work.merge:
            merged = self._merged(place, work.merge, [value.text for value in inputs])
            return called(work.steps, merged)  # type: ignore[arg-type]  # behind a merge there are only functions
        value = TorchExpression(values[0])
        places = self.places.get(item.places, "")
        for step in (*work.prepare[0], *work.steps):
            longer = applied(step, self.modules[place - 1], value, places)
            if len(longer.text) > self.room and value.text != values[0]:
                longer = applied(step, self.modules[place - 1], TorchExpression(self._store(place, value.text)), places)
            value = longer
        return value

    def _joined(self, place: int, values: list[str]) -> TorchExpression:
        doc = Brackets("torch.cat(", (Brackets("(", tuple(values)), "1"))
        room = WIDTH - self.indent - len("return ") if place == len(self.body.items) else self.room
        if len(flat(doc)) <= room:
            return TorchExpression(flat(doc))
        variable = self._variable(place)
        self.lines += laid_out(f"{variable} = ", doc, self.indent)
        return TorchExpression(variable)

    def _merged(self, place: int, function: str, values: list[str]) -> TorchExpression:
        """Write a merge of two values at a time: with a sign between them, or as calls inside each other."""
        if function in SIGNS:
            return self._combined(place, SIGNS[function], values)
        text = values[0]
        for value in values[1:]:
            longer = f"torch.{function}({text}, {value})"
            if len(longer) > self.room and text != values[0]:
                longer = f"torch.{function}({self._store(place, text)}, {value})"
            text = longer
        return TorchExpression(text)

    def _combined(self, place: int, sign: str, values: list[str]) -> TorchExpression:
        text = values[0]
        for value in values[1:]:
            longer = f"{text} {sign} {value}"
            if len(longer) > self.room and text != values[0]:
                longer = f"{self._store(place, text)} {sign} {value}"
            text = longer
        return TorchExpression(text, simple=False)

    def _loop(self, place: int, loop: Loop) -> None:
        """Write a loop, whose turns go on from one variable to the same."""
        self._flush()
        source = self._read(loop.inputs[0])
        variable = self._variable(place)
        if variable != source:
            self._line(f"{variable} = {source}")
        self._line(f"for i in {loop_range(loop)}:")
        modules = [f'getattr(self, f"{name}")' for name in names(loop)]
        turns = Body(turn(loop), len(loop.items))
        inner = _Forward(turns, modules, self.indent + 4, variable, lambda name: name == variable or self._live(name))
        inner.write()
        self.lines += [*inner.lines, *inner.statement(f"{variable} = ", inner.result())]

    # ---- variables

    def _line(self, text: str) -> None:
        self.lines += self.statement("", text)

    def _read(self, place: int) -> str:
        """Return the variable of a value, and count that it was read."""
        variable = self.variables[place]
        self.readers[place] -= 1
        self.reads[variable] -= 1
        return variable

    def _name(self, place: int, variable: str) -> str:
        """Note in which variable a value is."""
        self.variables[place] = variable
        self.reads[variable] += self.readers[place]
        return variable

    def _flush(self) -> None:
        """Write the statement that is being put together."""
        if self.pending is None:
            return
        place, value = self.pending
        self.pending = None
        if not self.readers[place]:
            self._line(value.text)  # nothing reads it, but it is a layer of the network
        elif self.variables.get(place) != value.text:
            self._store(place, value.text)

    def _store(self, place: int, text: str) -> str:
        variable = self._variable(place)
        self.lines += self.statement(f"{variable} = ", text)
        return variable

    def _store_with_places(self, place: int, text: str) -> None:
        """Write the statement of what returns the places of a max pool, too."""
        variable = self._variable(place)
        item = self.body.items[place - 1]
        assert isinstance(item, BodyItem)  # of a loop nothing but its last value is read
        name = f"{item.name}_places"
        self.places[place] = name if len(name) <= _LONGEST_NAME and self._may_be(name) else f"places{place}"
        self.lines += self.statement(f"{variable}, {self.places[place]} = ", text)

    def _variable(self, place: int) -> str:
        """Return the variable for a value: of the chain where the next item alone reads it, else its own."""
        if place in self.variables:
            return self.variables[place]
        soon = self.readers[place] <= 1 and (place in self.read_next or place == self.body.output)
        free = [name for name in _CHAIN if not self._live(name)] if soon else []
        return self._name(place, free[0] if free else self._own(place))

    def _live(self, name: str) -> bool:
        """Say whether a variable will still be read."""
        return self.reads[name] > 0 or self.reserved(name)

    def _own(self, place: int) -> str:
        """Return the item's name, or a number's where that is too long or means something already."""
        item = self.body.items[place - 1]
        if isinstance(item, BodyItem) and len(item.name) <= _LONGEST_NAME and self._may_be(item.name):
            return item.name
        name = f"value{place}"
        while name in self.item_names or self.reserved(name):
            name += "_"
        return name

    def _may_be(self, name: str) -> bool:
        return may_be_called(name) and not self.reserved(name)


# ---- calls


def applied(step: PythonCall | str, module: str, value: TorchExpression, places: str = "") -> TorchExpression:
    """Return a value after one step; a text is the module, or the part of it with this label.

    ``places`` is the variable with the places of a max pool that the step may read.
    """
    if isinstance(step, PythonCall):
        return _called(step, value, places)
    return TorchExpression(f"{module}{step and '.'}{step}({value.text})")


def called(functions: tuple[PythonCall, ...], value: TorchExpression) -> TorchExpression:
    """Return a value after some functions."""
    for function in functions:
        value = _called(function, value)
    return value


def _called(function: PythonCall, value: TorchExpression, places: str = "") -> TorchExpression:
    inner = value.text if value.simple else f"({value.text})"
    if function.target == "neg":
        return TorchExpression(f"-{inner}", simple=False)
    if function.target == "div":
        return TorchExpression(f"{inner} / {flat(setting(function.arguments[0].value))}", simple=False)
    arguments = [
        f"{argument.keyword}={flat(setting(argument.value))}" if argument.keyword else flat(setting(argument.value))
        for argument in function.arguments
    ]
    if function.places:
        arguments.insert(0, places)
    if function.target in SIGNS:  # with a number
        return TorchExpression(f"{inner} {SIGNS[function.target]} {arguments[0]}", simple=False)
    if function.target == "every":
        return TorchExpression(f"{inner}[:, {':'.join(arguments)}]")
    if function.target in METHODS:
        return TorchExpression(f"{inner}.{METHODS[function.target]}({', '.join(arguments)})")
    return TorchExpression(f"nn.functional.{function.target}({', '.join([value.text, *arguments])})")


def setting(value: object) -> str | Brackets:
    """Write a setting: a number, an expression, or several in brackets."""
    return Brackets("(", tuple([setting(inner) for inner in value])) if isinstance(value, tuple) else str(value)


# ---- loops


def loop_range(loop: Loop) -> str:
    """Write what a loop's variable ``i`` goes through."""
    return f"range({loop.start}, {loop.stop}" + (f", {loop.stride})" if loop.stride != 1 else ")")


def names(loop: Loop) -> list[str]:
    """Return the names of a loop's items, for an f-string: ``conv{i}``."""
    signed = [f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else "" for offset in loop.offsets]
    return [f"{item.name}{{i{more}}}" for item, more in zip(loop.items, signed, strict=True)]


def turn(loop: Loop) -> tuple[BodyItem, ...]:
    """Return a loop's items with numbers that grow as expressions of its variable ``i``."""
    start = str(loop.start)
    return tuple([item._replace(shared=SharedWork(_in_turn(item.work, start))) for item in loop.items])


def _in_turn(part: Any, start: str) -> Any:
    if type(part) is Counting:
        return _growing(str(part.first), str(part.step), start)
    if isinstance(part, tuple):
        inner = [_in_turn(inner, start) for inner in part]
        return part._make(inner) if hasattr(part, "_make") else tuple(inner)
    return part


def _growing(first: str, step: str, start: str) -> str:
    """Write ``first + step * (i - start)``, as short as the numbers allow."""
    factor = step if step.lstrip("-").isalnum() or step.isidentifier() else f"({step})"
    growth = "" if step == "1" else f"{factor} * "
    begin = start if start.isalnum() or start.isidentifier() else f"({start})"
    if all(number.lstrip("-").isdigit() for number in (first, step, start)):
        shift = int(first) - int(step) * int(start)
        return f"{shift} + {growth}i" if shift else f"{growth}i"
    return f"{first} + {growth}(i - {begin})"
